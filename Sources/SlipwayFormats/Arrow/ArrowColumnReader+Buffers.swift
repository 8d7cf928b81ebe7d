// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Buffers of a batch.
extension ArrowColumnReader {
    static var tooLarge: FormatError {
        FormatError(.limitExceeded, "its rows hold more than \(byteLimit) bytes: score fewer rows at a time")
    }

    /// Elements of equal width, from the buffer with that number.
    mutating func bytes(_ buffer: Int, elements: Range<Int>, width: Int) throws(FormatError) -> TensorStorage {
        let (start, one) = elements.lowerBound.multipliedReportingOverflow(by: width)
        let (end, two) = elements.upperBound.multipliedReportingOverflow(by: width)
        let short = FormatError(.truncated, "an Arrow column is shorter than its batch's \(batch.count) rows")
        guard !one, !two else { throw short }
        guard end - start <= Self.byteLimit else { throw Self.tooLarge }
        let place = batch.buffers[buffer]
        if let compression = batch.compression, !place.isEmpty {
            let expanded = try cache.buffer(buffer, of: batch, compression, in: source)
            guard end <= expanded.bytes.count else { throw short }
            return expanded.slice(start..<end)
        }
        guard end <= place.count else { throw short }
        return try TensorStorage(byteCount: end - start) { (target) throws(FormatError) in
            guard end > start else { return }
            try source.read(at: place.lowerBound + start, into: target)
        }
    }

    mutating func numbers(_ element: ElementType, _ cursor: Cursor) throws(FormatError) -> TensorStorage {
        guard element == .bool else {
            return try bytes(cursor.buffer + 1, elements: cursor.range, width: element.byteWidth ?? 1)
        }
        let bits = try self.bits(cursor.buffer + 1, cursor.range)
        return TensorStorage(byteCount: bits.count) { target in
            for (index, bit) in bits.enumerated() { target[index] = bit ? 1 : 0 }
        }
    }

    mutating func bits(_ buffer: Int, _ range: Range<Int>) throws(FormatError) -> [Bool] {
        guard !range.isEmpty else { return [] }
        let first = range.lowerBound / 8
        let packed = try bytes(buffer, elements: first..<((range.upperBound + 7) / 8), width: 1)
        return withExtendedLifetime(packed) {
            range.map { packed.bytes[$0 / 8 - first] >> UInt8($0 % 8) & 1 == 1 }
        }
    }

    /// Offsets of the elements in the range, one more than there are elements; ascending, none negative.
    mutating func offsets(_ cursor: Cursor, isLarge: Bool) throws(FormatError) -> [Int] {
        guard !cursor.range.isEmpty else { return [0] }
        let width = isLarge ? 8 : 4
        let raw = try bytes(
            cursor.buffer + 1, elements: cursor.range.lowerBound..<(cursor.range.upperBound + 1), width: width)
        let offsets = try integers(raw, isLarge ? .int64 : .int32)
        guard offsets.first.map({ $0 >= 0 }) == true, zip(offsets, offsets.dropFirst()).allSatisfy({ $0 <= $1 }) else {
            throw FlatTable.damaged
        }
        return offsets
    }

    /// Which elements of the range are null, counted from its beginning.
    mutating func nulls(_ cursor: Cursor) throws(FormatError) -> [Int] {
        guard batch.nodes[cursor.node].nullCount > 0 else { return [] }
        let valid = try bits(cursor.buffer, cursor.range)
        return valid.indices.filter { !valid[$0] }
    }
}
