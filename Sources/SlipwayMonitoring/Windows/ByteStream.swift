// SPDX-License-Identifier: Apache-2.0

import SlipwayNumerics

/// Writes numbers as bytes: counts in groups of 7 bits, the least first.
struct ByteWriter {
    private(set) var bytes: [UInt8] = []

    init() {}

    /// - Parameter mark: What ``ByteReader/init(sealed:mark:)`` looks for.
    init(mark: [UInt8]) { bytes = mark }

    /// All that was written, with a checksum behind it.
    var sealed: [UInt8] {
        var copy = self
        copy.word(StableHash.of(bytes: bytes))
        return copy.bytes
    }

    mutating func count(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    mutating func word(_ value: UInt64) {
        for shift in stride(from: UInt64(0), to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }

    mutating func number(_ value: Double) { word(value.bitPattern) }

    mutating func text(_ value: String) { piece(Array(value.utf8)) }

    /// Bytes after their number.
    mutating func piece(_ value: [UInt8]) {
        count(UInt64(value.count))
        bytes += value
    }

    /// Counts in their order; zeros are written as a zero and how many more follow.
    mutating func run(_ values: some Sequence<UInt64>) {
        var zeros: UInt64 = 0
        for value in values {
            if value == 0 {
                zeros += 1
                continue
            }
            endZeros(&zeros)
            count(value)
        }
        endZeros(&zeros)
    }

    private mutating func endZeros(_ zeros: inout UInt64) {
        guard zeros > 0 else { return }
        count(0)
        count(zeros - 1)
        zeros = 0
    }
}

/// Reads what ``ByteWriter`` wrote; every read is `nil` where the bytes do not go so far or make no sense.
struct ByteReader {
    private let bytes: ArraySlice<UInt8>
    private var position: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    /// Behind the mark of what ``ByteWriter/sealed`` gave; `nil` for another mark, another checksum, or too many bytes.
    init?(sealed bytes: [UInt8], mark: [UInt8], maximumBytes: Int) {
        let end = bytes.count - 8
        guard end > mark.count, bytes.count <= maximumBytes, bytes.starts(with: mark) else { return nil }
        var checksum = ByteReader(bytes[end...])
        guard checksum.word() == StableHash.of(bytes: bytes[..<end]) else { return nil }
        self.init(bytes[mark.count..<end])
    }

    var isAtEnd: Bool { position == bytes.endIndex }

    mutating func count() -> UInt64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while position < bytes.endIndex, shift < 64 {
            let byte = bytes[position]
            position += 1
            // The tenth byte has room for one bit.
            guard shift < 63 || byte <= 1 else { return nil }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        return nil
    }

    mutating func word() -> UInt64? {
        guard bytes.endIndex - position >= 8 else { return nil }
        var value: UInt64 = 0
        for index in 0..<8 { value |= UInt64(bytes[position + index]) << UInt64(8 * index) }
        position += 8
        return value
    }

    /// `nil` for NaN.
    mutating func number() -> Double? {
        guard let value = word().map(Double.init(bitPattern:)), value == value else { return nil }
        return value
    }

    mutating func text(maximumBytes: Int) -> String? {
        piece(maximumBytes: maximumBytes).flatMap { String(validating: $0, as: UTF8.self) }
    }

    mutating func piece(maximumBytes: Int) -> ArraySlice<UInt8>? {
        guard let length = count(), length <= UInt64(maximumBytes), bytes.endIndex - position >= Int(length) else {
            return nil
        }
        defer { position += Int(length) }
        return bytes[position..<(position + Int(length))]
    }

    /// Exactly `length` counts, each at most `limit`; handed to `body` with their places, zeros left out.
    mutating func run(length: Int, limit: UInt64, _ body: (Int, UInt64) -> Void) -> Bool {
        var place = 0
        while place < length {
            guard let value = count() else { return false }
            guard value == 0 else {
                guard value <= limit else { return false }
                body(place, value)
                place += 1
                continue
            }
            guard let more = count(), more < UInt64(length - place) else { return false }
            place += Int(more) + 1
        }
        return true
    }
}
