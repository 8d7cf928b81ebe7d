// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// TensorFlow's types of tensor elements, by their numbers on the wire.
enum TensorFlowDataType: Int, CaseIterable {
    case invalid = 0
    case float = 1
    case double = 2
    case int32 = 3
    case uint8 = 4
    case int16 = 5
    case int8 = 6
    case string = 7
    case complex64 = 8
    case int64 = 9
    case bool = 10
    case qint8 = 11
    case quint8 = 12
    case qint32 = 13
    case bfloat16 = 14
    case qint16 = 15
    case quint16 = 16
    case uint16 = 17
    case complex128 = 18
    case half = 19
    case resource = 20
    case variant = 21
    case uint32 = 22
    case uint64 = 23
    case float8e5m2 = 24
    case float8e4m3fn = 25
    case int4 = 29
    case uint4 = 30

    /// `DT_FLOAT`
    var name: String {
        switch self {
        case .float8e5m2: "DT_FLOAT8_E5M2"
        case .float8e4m3fn: "DT_FLOAT8_E4M3FN"
        default: "DT_" + String(describing: self).uppercased()
        }
    }

    init(_ type: ElementType) {
        self =
            switch type {
            case .bool: .bool
            case .int8: .int8
            case .int16: .int16
            case .int32: .int32
            case .int64: .int64
            case .uint8: .uint8
            case .uint16: .uint16
            case .uint32: .uint32
            case .uint64: .uint64
            case .float16: .half
            case .bfloat16: .bfloat16
            case .float32: .float
            case .float64: .double
            case .bytes: .string
            }
    }

    /// The house's type; `nil` for those it has none for.
    var elementType: ElementType? { ElementType.allCases.first { TensorFlowDataType($0) == self } }

    /// The house's type for a number on the wire.
    ///
    /// - Throws: ``WireError`` `invalidTensor` for none and for an unknown one, `unsupported` for a known type that
    ///   no engine here takes; both name the type.
    static func elementType(_ number: Int) throws(WireError) -> ElementType {
        guard let type = TensorFlowDataType(rawValue: number) else {
            throw WireError(.invalidTensor, "dtype \(number) is not known")
        }
        guard type != .invalid else {
            throw WireError(.invalidTensor, "the dtype is DT_INVALID: set the tensor's dtype")
        }
        guard let known = type.elementType else {
            let names = ElementType.allCases.map { TensorFlowDataType($0).name }.joined(separator: ", ")
            throw WireError(
                .unsupported, "dtype \(type.name) is not supported: send one of \(names)")
        }
        return known
    }
}
