// SPDX-License-Identifier: Apache-2.0

/// A fractal heap: where links and attributes lie once they are many.
struct HDF5FractalHeap {
    private let context: HDF5Context
    private let address: Int
    private let width: Int
    private let startSize: Int
    private let maximumDirectSize: Int
    private let offsetWidth: Int
    private let lengthWidth: Int
    private let root: Int?
    private let rootRows: Int

    init(_ context: HDF5Context, at address: Int) throws(FormatError) {
        self.context = context
        self.address = address
        let widths = context.widths
        var cursor = try context.cursor(at: address, upTo: 256)
        try cursor.expect("FRHP", "a fractal heap")
        try cursor.skip(3)
        let filters = try cursor.short()
        guard filters == 0 else {
            throw FormatError(.unsupported, "filtered HDF5 heaps are not read", at: "offset \(address)")
        }
        try cursor.skip(1)
        let maximumObject = try cursor.word()
        try cursor.skip(10 * widths.length + 2 * widths.offset)
        width = try cursor.short()
        startSize = try cursor.length()
        maximumDirectSize = try cursor.length()
        let bits = try cursor.short()
        try cursor.skip(2)
        root = try cursor.address()
        rootRows = try cursor.short()
        func isPowerOfTwo(_ value: Int) -> Bool { value > 0 && value & (value - 1) == 0 }
        guard isPowerOfTwo(width), isPowerOfTwo(startSize), isPowerOfTwo(maximumDirectSize),
            maximumDirectSize >= startSize, maximumDirectSize < 1 << 32, bits <= 62, rootRows <= 64
        else { throw FormatError(.malformed, "an HDF5 heap is damaged", at: "offset \(address)") }
        offsetWidth = (bits + 7) / 8
        lengthWidth = min(
            (maximumDirectSize.trailingZeroBitCount + 7) / 8, HDF5Tree.encodedWidth(maximumObject))
    }

    /// The object that a heap ID names.
    func object(_ id: [UInt8]) throws(FormatError) -> [UInt8] {
        var cursor = HDF5Cursor(id, context.widths, origin: address)
        let first = try cursor.byte()
        switch first >> 4 & 3 {
        case 0:
            let offset = try cursor.integer(offsetWidth)
            let length = try cursor.integer(lengthWidth)
            return try managed(offset, length)
        case 2: return try cursor.take((first & 0xF) + 1)
        default:
            throw FormatError(.unsupported, "huge objects of an HDF5 heap are not read", at: "offset \(address)")
        }
    }

    private func managed(_ offset: Int, _ length: Int) throws(FormatError) -> [UInt8] {
        guard var block = root else { throw damaged }
        var offset = offset
        var rows = rootRows
        let firstBits = startSize.trailingZeroBitCount + width.trailingZeroBitCount
        let directRows = maximumDirectSize.trailingZeroBitCount - startSize.trailingZeroBitCount + 2
        // Each level is smaller than the one above it.
        for _ in 0..<64 {
            if rows == 0 {
                guard length <= maximumDirectSize, offset <= maximumDirectSize - length else { throw damaged }
                return try context.source.bytes(at: try context.address(block, plus: offset), count: length)
            }
            let isFirst = offset < width * startSize
            let row = isFirst ? 0 : (Int.bitWidth - 1 - offset.leadingZeroBitCount) - firstBits + 1
            let shift = max(0, row - 1)
            guard row < rows, shift + firstBits < 62 else { throw damaged }
            let size = startSize << shift
            let rowStart = row == 0 ? 0 : width * size
            let column = (offset - rowStart) / size
            var head = try context.cursor(at: block, count: 4)
            try head.expect("FHIB", "a block of a heap")
            let entry = 5 + context.widths.offset + offsetWidth + (row * width + column) * context.widths.offset
            var cursor = try context.cursor(
                at: try context.address(block, plus: entry), count: context.widths.offset)
            block = try cursor.definedAddress("a block of a heap")
            offset -= rowStart + column * size
            rows = row < directRows ? 0 : size.trailingZeroBitCount - firstBits + 1
        }
        throw damaged
    }

    private var damaged: FormatError {
        FormatError(.malformed, "an HDF5 heap is damaged", at: "offset \(address)")
    }
}
