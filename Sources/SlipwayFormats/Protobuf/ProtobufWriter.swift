// SPDX-License-Identifier: Apache-2.0

/// Writes protobuf messages field by field.
package struct ProtobufWriter: Sendable {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    package mutating func varint(_ field: Int, _ value: Int) {
        append(UInt64(field) << 3)
        append(UInt64(bitPattern: Int64(value)))
    }

    package mutating func float(_ field: Int, _ value: Float) {
        append(UInt64(field) << 3 | 5)
        for shift in stride(from: UInt32(0), to: 32, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value.bitPattern >> shift))
        }
    }

    package mutating func data(_ field: Int, _ value: some Collection<UInt8>) {
        append(UInt64(field) << 3 | 2)
        append(UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    package mutating func string(_ field: Int, _ value: String) { data(field, Array(value.utf8)) }

    package mutating func message(_ field: Int, _ build: (inout ProtobufWriter) -> Void) {
        var inner = ProtobufWriter()
        build(&inner)
        data(field, inner.bytes)
    }

    /// Numbers in one field without a tag for each.
    package mutating func packed(_ field: Int, _ values: some Sequence<Int64>) {
        var inner = ProtobufWriter()
        for value in values { inner.append(UInt64(bitPattern: value)) }
        data(field, inner.bytes)
    }

    /// 32-bit floats in one field without a tag for each.
    package mutating func packed(_ field: Int, _ values: [Float]) {
        append(UInt64(field) << 3 | 2)
        append(UInt64(values.count * 4))
        bytes.reserveCapacity(bytes.count + values.count * 4)
        for value in values { withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) } }
    }

    /// A number alone, without a field: what lengths and packed values are made of.
    package mutating func append(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }
}
