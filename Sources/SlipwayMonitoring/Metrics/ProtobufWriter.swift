// SPDX-License-Identifier: Apache-2.0

/// Writes protobuf's wire format, as far as Prometheus' exposition needs it.
struct ProtobufWriter {
    private(set) var bytes: [UInt8] = []

    mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    mutating func field(_ number: UInt64, _ value: UInt64) {
        varint(number << 3)
        varint(value)
    }

    /// A `sint32` or `sint64`: small numbers of either sign are short.
    mutating func field(_ number: UInt64, signed value: Int64) { field(number, Self.zigzag(value)) }

    mutating func field(_ number: UInt64, _ value: Double) {
        varint(number << 3 | 1)
        withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func field(_ number: UInt64, _ text: String) {
        varint(number << 3 | 2)
        varint(UInt64(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    /// A message within; `write` fills it.
    mutating func message(_ number: UInt64, _ write: (inout ProtobufWriter) -> Void) {
        varint(number << 3 | 2)
        delimited(write)
    }

    /// A message with its length in front.
    mutating func delimited(_ write: (inout ProtobufWriter) -> Void) {
        var inner = ProtobufWriter()
        write(&inner)
        varint(UInt64(inner.bytes.count))
        bytes.append(contentsOf: inner.bytes)
    }

    /// A repeated `sint64`, packed.
    mutating func packed(_ number: UInt64, signed values: [Int64]) {
        guard !values.isEmpty else { return }
        message(number) { inner in
            for value in values { inner.varint(Self.zigzag(value)) }
        }
    }

    private static func zigzag(_ value: Int64) -> UInt64 { UInt64(bitPattern: value << 1 ^ value >> 63) }
}
