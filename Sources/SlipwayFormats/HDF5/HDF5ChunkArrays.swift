// SPDX-License-Identifier: Apache-2.0

// Arrays of chunk addresses, of fixed length and growing.

extension HDF5ChunkIndex {
    /// The elements of a fixed array that are there, by number.
    func fixedArray(at address: Int, pageBits: Int, count: Int) throws(FormatError) -> [(Int, Element)] {
        let widths = context.widths
        var head = try context.cursor(at: address, count: 8 + widths.length + widths.offset)
        try head.expect("FAHD", "an array of chunks")
        try head.skip(2)
        let width = try head.byte()
        try head.skip(1)
        let total = try head.length()
        guard let block = try head.address() else { return [] }
        guard (1...30).contains(pageBits), total <= context.limits.itemCount,
            width == widths.offset || (isFiltered && (widths.offset + 5...widths.offset + 12).contains(width))
        else { throw damaged(address) }
        let pageSize = 1 << pageBits
        var start = try context.address(block, plus: 6 + widths.offset)
        guard total > pageSize else {
            return try elements(at: start, count: total, width: width, from: 0, upTo: count)
        }
        let pages = (total + pageSize - 1) / pageSize
        let bitmap = try context.source.bytes(at: start, count: (pages + 7) / 8)
        start += bitmap.count + 4
        var found: [(Int, Element)] = []
        for page in 0..<pages {
            let first = page * pageSize
            // Bits count from the highest.
            if bitmap[page / 8] & (0x80 >> UInt8(page % 8)) != 0 {
                found += try elements(
                    at: start, count: min(pageSize, total - first), width: width, from: first, upTo: count)
            }
            start += pageSize * width + 4
        }
        return found
    }

    /// `count` elements at `address`, numbered from `first` on.
    private func elements(
        at address: Int, count: Int, width: Int, from first: Int, upTo end: Int
    ) throws(FormatError) -> [(Int, Element)] {
        var cursor = try context.cursor(at: address, count: count * width)
        var found: [(Int, Element)] = []
        for number in first..<(first + count) {
            if let element = try element(&cursor, width: width), number < end { found.append((number, element)) }
        }
        return found
    }

    /// The elements of an extensible array that are there, by number.
    func extensibleArray(at address: Int, count: Int) throws(FormatError) -> [(Int, Element)] {
        let widths = context.widths
        var head = try context.cursor(at: address, count: 12 + 6 * widths.length + widths.offset)
        try head.expect("EAHD", "an array of chunks")
        try head.skip(2)
        let shape = ArrayShape(
            width: try head.byte(), bits: try head.byte(), direct: try head.byte(), blockMinimum: try head.byte(),
            pointerMinimum: try head.byte(), pageBits: try head.byte())
        try head.skip(6 * widths.length)
        guard let block = try head.address() else { return [] }
        guard shape.isSound, shape.width == widths.offset || (isFiltered && shape.width > widths.offset + 4) else {
            throw damaged(address)
        }
        let blocks = 2 * (shape.pointerMinimum - 1)
        let inIndex = 2 * shape.pointerMinimum.trailingZeroBitCount
        let superBlocks = max(0, shape.levels - inIndex)
        var cursor = try context.cursor(
            at: try context.address(block, plus: 6 + widths.offset),
            count: shape.direct * shape.width + (blocks + superBlocks) * widths.offset)
        var found: [(Int, Element)] = []
        for number in 0..<shape.direct {
            if let element = try element(&cursor, width: shape.width), number < count {
                found.append((number, element))
            }
        }
        var first = shape.direct
        for level in 0..<shape.levels {
            guard first < count else { break }
            let size = shape.blockSize(level)
            if level < inIndex {
                for _ in 0..<shape.blockCount(level) {
                    let address = try cursor.address()
                    found += try data(shape, at: address, size: size, bitmap: nil, from: first, upTo: count)
                    first += size
                }
            } else {
                let address = try cursor.address()
                try superBlock(shape, level: level, at: address, from: first, upTo: count, into: &found)
                first += shape.blockCount(level) * size
            }
        }
        return found
    }

    private func superBlock(
        _ shape: ArrayShape, level: Int, at address: Int?, from first: Int, upTo count: Int,
        into found: inout [(Int, Element)]
    ) throws(FormatError) {
        guard let address else { return }
        let widths = context.widths
        let size = shape.blockSize(level)
        let blocks = shape.blockCount(level)
        let pages = size > shape.pageSize ? size / shape.pageSize : 0
        let start = try context.address(address, plus: 6 + widths.offset + shape.offsetWidth)
        let bitmapWidth = (pages + 7) / 8
        var cursor = try context.cursor(at: start, count: blocks * (bitmapWidth + widths.offset))
        var bitmaps: [[UInt8]] = []
        for _ in 0..<blocks { bitmaps.append(try cursor.take(bitmapWidth)) }
        for index in 0..<blocks {
            let block = try cursor.address()
            found += try data(
                shape, at: block, size: size, bitmap: pages > 0 ? bitmaps[index] : nil, from: first + index * size,
                upTo: count)
        }
    }

    private func data(
        _ shape: ArrayShape, at address: Int?, size: Int, bitmap: [UInt8]?, from first: Int, upTo count: Int
    ) throws(FormatError) -> [(Int, Element)] {
        guard let address, first < count else { return [] }
        var start = try context.address(address, plus: 6 + context.widths.offset + shape.offsetWidth)
        guard let bitmap else {
            return try elements(
                at: start, count: min(size, count - first), width: shape.width, from: first, upTo: count)
        }
        var found: [(Int, Element)] = []
        start += 4
        for page in 0..<(size / shape.pageSize) {
            let number = first + page * shape.pageSize
            guard number < count else { break }
            if bitmap[page / 8] & (0x80 >> UInt8(page % 8)) != 0 {
                found += try elements(
                    at: start, count: shape.pageSize, width: shape.width, from: number, upTo: count)
            }
            start += shape.pageSize * shape.width + 4
        }
        return found
    }
}

/// How an extensible array grows: blocks double in number and in size by turns.
private struct ArrayShape {
    let width: Int
    /// Of the highest number of an element.
    let bits: Int
    /// Elements in the index block itself.
    let direct: Int
    let blockMinimum: Int
    let pointerMinimum: Int
    let pageBits: Int

    var isSound: Bool {
        func isPowerOfTwo(_ value: Int) -> Bool { value > 0 && value & (value - 1) == 0 }
        return isPowerOfTwo(blockMinimum) && isPowerOfTwo(pointerMinimum) && (1...48).contains(bits)
            && (1...30).contains(pageBits) && levels > 0
    }

    var offsetWidth: Int { (bits + 7) / 8 }
    var pageSize: Int { 1 << pageBits }
    var levels: Int { 1 + bits - blockMinimum.trailingZeroBitCount }
    func blockCount(_ level: Int) -> Int { 1 << (level / 2) }
    func blockSize(_ level: Int) -> Int { (1 << ((level + 1) / 2)) * blockMinimum }
}
