// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// The body of a batch that is written: the buffers of its columns one after another.
struct ArrowBody {
    private(set) var bytes: [UInt8] = []
    /// Pairs: length and number of nulls of each column, children after their parents.
    private(set) var nodes: [Int64] = []
    /// Pairs: where each buffer begins and how long it is.
    private(set) var buffers: [Int64] = []
    private let compression: BlockCompression?

    init(compression: BlockCompression?) { self.compression = compression }

    mutating func add(_ column: ArrowColumnData) throws(FormatError) {
        nodes += [Int64(column.count), Int64(column.nullCount)]
        try add(buffer: column.nullCount == 0 ? [] : Self.packed(column.valid))
        if column.type.hasOffsets { try add(words: column.offsets) }
        switch column.type {
        case .number(.bool): try add(buffer: Self.packed(column.bytes))
        case .number, .text, .binary, .instant: try add(buffer: column.bytes)
        case .list, .fixedList: for item in column.items { try add(item) }
        }
    }

    private mutating func add(words: [Int32]) throws(FormatError) {
        try words.withUnsafeBufferPointer { (words) throws(FormatError) in
            try add(raw: UnsafeRawBufferPointer(words))
        }
    }

    private mutating func add(buffer: [UInt8]) throws(FormatError) {
        try buffer.withRawBytes { (raw) throws(FormatError) in try add(raw: raw) }
    }

    private mutating func add(raw: UnsafeRawBufferPointer) throws(FormatError) {
        let start = bytes.count
        if let compression, !raw.isEmpty {
            let packed = try compression.compress(raw)
            // What does not become smaller is kept as it is, and says so.
            if packed.count < raw.count {
                bytes.appendLittleEndian(Int64(raw.count))
                bytes.append(contentsOf: packed)
            } else {
                bytes.appendLittleEndian(-1 as Int64)
                bytes.append(contentsOf: raw)
            }
        } else {
            bytes.append(contentsOf: raw)
        }
        buffers += [Int64(start), Int64(bytes.count - start)]
        bytes.append(contentsOf: repeatElement(0, count: (64 - bytes.count % 64) % 64))
    }

    /// Eight values to a byte, the first in its lowest bit.
    private static func packed(_ flags: [UInt8]) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: (flags.count + 7) / 8)
        for (index, flag) in flags.enumerated() where flag != 0 { result[index / 8] |= 1 << UInt8(index % 8) }
        return result
    }
}
