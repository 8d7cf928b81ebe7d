// SPDX-License-Identifier: Apache-2.0

/// Writes protobuf fields one after another.
///
/// The length of a message stands before it, so that whoever writes one computes it first, with the functions here.
package struct ProtobufWriter {
    package private(set) var bytes: [UInt8] = []

    package init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

    /// Hands out what was written and starts anew.
    package mutating func take() -> [UInt8] {
        defer { bytes = [] }
        return bytes
    }

    // MARK: - Fields

    /// The beginning of a length-delimited field, whose `byteCount` bytes the caller writes next.
    package mutating func begin(_ number: UInt32, byteCount: Int) {
        varint(UInt64(number) << 3 | 2)
        varint(UInt64(byteCount))
    }

    /// Writes nothing for an empty text, as the format wants it.
    package mutating func text(_ number: UInt32, _ text: String) {
        var text = text
        text.withUTF8 { utf8 in
            guard !utf8.isEmpty else { return }
            begin(number, byteCount: utf8.count)
            bytes.append(contentsOf: utf8)
        }
    }

    /// Writes nothing for an empty list.
    package mutating func packed(_ number: UInt32, _ numbers: [Int]) {
        guard !numbers.isEmpty else { return }
        begin(number, byteCount: Self.byteCount(ofPacked: numbers))
        for element in numbers { varint(UInt64(bitPattern: Int64(element))) }
    }

    package mutating func bool(_ number: UInt32, _ value: Bool) {
        varint(UInt64(number) << 3)
        varint(value ? 1 : 0)
    }

    package mutating func append(_ raw: UnsafeRawBufferPointer) { bytes.append(contentsOf: raw) }

    package mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    // MARK: - Lengths

    package static func byteCount(ofVarint value: UInt64) -> Int {
        // Seven bits to a byte, one byte at least.
        (max(1, 64 - value.leadingZeroBitCount) + 6) / 7
    }

    /// Of a length-delimited field with one-byte tag, tag and length included.
    package static func byteCount(ofField content: Int) -> Int {
        1 + byteCount(ofVarint: UInt64(content)) + content
    }

    /// Of what ``text(_:_:)`` writes, for field numbers up to 15.
    package static func byteCount(ofText text: String) -> Int {
        text.utf8.isEmpty ? 0 : byteCount(ofField: text.utf8.count)
    }

    /// Of the numbers alone.
    package static func byteCount(ofPacked numbers: [Int]) -> Int {
        numbers.reduce(0) { $0 + byteCount(ofVarint: UInt64(bitPattern: Int64($1))) }
    }
}
