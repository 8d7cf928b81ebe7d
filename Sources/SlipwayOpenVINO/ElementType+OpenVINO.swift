// SPDX-License-Identifier: Apache-2.0

import COpenVINO
import SlipwayCore

extension ElementType {
    /// `nil` for types that Slipway has no tensors of (packed bits, 4-bit and 8-bit floats) and for types that only a
    /// run decides. Strings are `bytes` here so that they can be refused by name.
    init?(openVINO number: UInt32) {
        let known: [UInt32: ElementType] = [
            UInt32(SLIPWAY_OV_BOOLEAN): .bool, UInt32(SLIPWAY_OV_BF16): .bfloat16, UInt32(SLIPWAY_OV_F16): .float16,
            UInt32(SLIPWAY_OV_F32): .float32, UInt32(SLIPWAY_OV_F64): .float64, UInt32(SLIPWAY_OV_I8): .int8,
            UInt32(SLIPWAY_OV_I16): .int16, UInt32(SLIPWAY_OV_I32): .int32, UInt32(SLIPWAY_OV_I64): .int64,
            UInt32(SLIPWAY_OV_U8): .uint8, UInt32(SLIPWAY_OV_U16): .uint16, UInt32(SLIPWAY_OV_U32): .uint32,
            UInt32(SLIPWAY_OV_U64): .uint64, UInt32(SLIPWAY_OV_STRING): .bytes,
        ]
        guard let type = known[number] else { return nil }
        self = type
    }

    /// The library's number of the type.
    var openVINO: UInt32 {
        let number =
            switch self {
            case .bool: SLIPWAY_OV_BOOLEAN
            case .bfloat16: SLIPWAY_OV_BF16
            case .float16: SLIPWAY_OV_F16
            case .float32: SLIPWAY_OV_F32
            case .float64: SLIPWAY_OV_F64
            case .int8: SLIPWAY_OV_I8
            case .int16: SLIPWAY_OV_I16
            case .int32: SLIPWAY_OV_I32
            case .int64: SLIPWAY_OV_I64
            case .uint8: SLIPWAY_OV_U8
            case .uint16: SLIPWAY_OV_U16
            case .uint32: SLIPWAY_OV_U32
            case .uint64: SLIPWAY_OV_U64
            case .bytes: SLIPWAY_OV_STRING
            }
        return UInt32(number)
    }
}
