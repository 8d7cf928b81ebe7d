// SPDX-License-Identifier: Apache-2.0

import COnnxRuntime
import SlipwayCore

extension ElementType {
    /// `nil` for types that Slipway has no tensors of: complex numbers, 8-bit floats, 4-bit integers.
    init?(_ type: ONNXTensorElementDataType) {
        switch type {
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL: self = .bool
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8: self = .int8
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT16: self = .int16
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32: self = .int32
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64: self = .int64
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8: self = .uint8
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT16: self = .uint16
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT32: self = .uint32
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT64: self = .uint64
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16: self = .float16
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_BFLOAT16: self = .bfloat16
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT: self = .float32
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE: self = .float64
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_STRING: self = .bytes
        default: return nil
        }
    }

    var onnx: ONNXTensorElementDataType {
        switch self {
        case .bool: ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL
        case .int8: ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8
        case .int16: ONNX_TENSOR_ELEMENT_DATA_TYPE_INT16
        case .int32: ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32
        case .int64: ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64
        case .uint8: ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8
        case .uint16: ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT16
        case .uint32: ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT32
        case .uint64: ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT64
        case .float16: ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16
        case .bfloat16: ONNX_TENSOR_ELEMENT_DATA_TYPE_BFLOAT16
        case .float32: ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT
        case .float64: ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE
        case .bytes: ONNX_TENSOR_ELEMENT_DATA_TYPE_STRING
        }
    }
}
