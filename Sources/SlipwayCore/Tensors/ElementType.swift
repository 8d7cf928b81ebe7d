// SPDX-License-Identifier: Apache-2.0

/// The type of one tensor element, named as the Open Inference Protocol names it.
public enum ElementType: String, BitwiseCopyable, Sendable, Hashable, CaseIterable, Codable {
    case bool = "BOOL"
    case int8 = "INT8"
    case int16 = "INT16"
    case int32 = "INT32"
    case int64 = "INT64"
    case uint8 = "UINT8"
    case uint16 = "UINT16"
    case uint32 = "UINT32"
    case uint64 = "UINT64"
    case float16 = "FP16"
    case bfloat16 = "BF16"
    case float32 = "FP32"
    case float64 = "FP64"
    case bytes = "BYTES"

    /// Bytes one element takes in storage; `nil` for ``bytes``, whose elements vary in length.
    public var byteWidth: Int? {
        switch self {
        case .bool, .int8, .uint8: 1
        case .int16, .uint16, .float16, .bfloat16: 2
        case .int32, .uint32, .float32: 4
        case .int64, .uint64, .float64: 8
        case .bytes: nil
        }
    }
}
