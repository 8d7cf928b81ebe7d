// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// The numbers of `TensorProto.DataType`.
enum ONNXDataType {
    /// `nil` for types that a ``Tensor`` cannot carry.
    static func elementType(_ number: Int64) -> ElementType? {
        switch number {
        case 1: .float32
        case 2: .uint8
        case 3: .int8
        case 4: .uint16
        case 5: .int16
        case 6: .int32
        case 7: .int64
        case 8: .bytes
        case 9: .bool
        case 10: .float16
        case 11: .float64
        case 12: .uint32
        case 13: .uint64
        case 16: .bfloat16
        default: nil
        }
    }

    /// The number of a type.
    static func number(_ type: ElementType) -> Int {
        switch type {
        case .float32: 1
        case .uint8: 2
        case .int8: 3
        case .uint16: 4
        case .int16: 5
        case .int32: 6
        case .int64: 7
        case .bytes: 8
        case .bool: 9
        case .float16: 10
        case .float64: 11
        case .uint32: 12
        case .uint64: 13
        case .bfloat16: 16
        }
    }

    /// The name for people.
    static func name(_ number: Int64) -> String {
        switch number {
        case 14: "complex64"
        case 15: "complex128"
        case 17: "float8e4m3fn"
        case 18: "float8e4m3fnuz"
        case 19: "float8e5m2"
        case 20: "float8e5m2fnuz"
        case 21: "uint4"
        case 22: "int4"
        case 23: "float4e2m1"
        case 24: "float8e8m0"
        case 25: "uint2"
        case 26: "int2"
        default: elementType(number)?.rawValue.lowercased() ?? "data type \(number)"
        }
    }

    /// Bits one element takes in a file; `nil` for strings and unknown types.
    static func bitWidth(_ number: Int64) -> Int? {
        switch number {
        case 14: 64
        case 15: 128
        case 17...20, 24: 8
        case 21...23: 4
        case 25, 26: 2
        default: elementType(number)?.byteWidth.map { $0 * 8 }
        }
    }
}

/// The part of a `TensorProto` that tells how large it is.
struct ONNXTensorHeader {
    var dimensions: [Int64] = []
    var dataType: Int64 = 0
    /// Bytes of the strings of a string tensor.
    var textByteCount = 0

    /// Bytes of the values; those of the strings alone for a string tensor.
    ///
    /// - Throws: ``FormatError`` `malformed` for negative or overflowing dimensions.
    func byteCount(name: String) throws(FormatError) -> Int {
        let extents = dimensions.map { Int($0) }
        guard let count = Shape(extents).elementCount else { throw Self.tooLarge(name) }
        guard let bits = ONNXDataType.bitWidth(dataType) else { return textByteCount }
        let (total, overflow) = count.multipliedReportingOverflow(by: bits)
        guard !overflow, total <= Int.max - 7 else { throw Self.tooLarge(name) }
        return (total + 7) / 8
    }

    static func tooLarge(_ name: String) -> FormatError {
        FormatError(
            .malformed, "tensor '\(name)' has a negative dimension or more bytes than memory can address", at: name)
    }
}
