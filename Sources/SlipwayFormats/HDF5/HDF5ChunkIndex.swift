// SPDX-License-Identifier: Apache-2.0

/// Where one chunk lies in the file and in its data set.
struct HDF5Chunk {
    /// The first value's place, a number for each extent.
    let offsets: [Int]
    let address: Int
    /// Bytes in the file.
    let byteCount: Int
    /// Filters that the chunk went without.
    let mask: Int
}

/// Finds the chunks of a data set.
struct HDF5ChunkIndex {
    let context: HDF5Context
    let chunking: HDF5Chunking
    let space: HDF5Dataspace
    /// Bytes of a whole chunk.
    let chunkByteCount: Int
    let isFiltered: Bool

    private var rank: Int { chunking.extents.count }

    /// All chunks that were written.
    func chunks() throws(FormatError) -> [HDF5Chunk] {
        guard let address = chunking.address else { return [] }
        var chunks: [HDF5Chunk] = []
        switch chunking.index {
        case .tree1:
            var visits = HDF5Visits()
            try visit(address, level: nil, &visits, chunks: &chunks)
        case .single(let filtered):
            chunks.append(
                HDF5Chunk(
                    offsets: [Int](repeating: 0, count: rank), address: address,
                    byteCount: filtered?.size ?? chunkByteCount, mask: filtered?.mask ?? 0))
        case .implicit:
            let grid = try grid(unlimited: nil)
            for number in 0..<(try gridCount(grid)) {
                let (start, overflow) = address.addingReportingOverflow(number * chunkByteCount)
                guard !overflow else { throw damaged(address) }
                append(number, in: grid, Element(address: start, byteCount: chunkByteCount, mask: 0), to: &chunks)
            }
        case .fixedArray(let pageBits):
            let grid = try grid(unlimited: nil)
            let elements = try fixedArray(at: address, pageBits: pageBits, count: try gridCount(grid))
            for (number, element) in elements { append(number, in: grid, element, to: &chunks) }
        case .extensibleArray:
            let unlimited = space.maximum.firstIndex { $0 == nil } ?? 0
            let grid = try grid(unlimited: unlimited)
            for (number, element) in try extensibleArray(at: address, count: try gridCount(grid)) {
                append(number, in: grid, element, unlimited: unlimited, to: &chunks)
            }
        case .tree2:
            try tree2(at: address, chunks: &chunks)
        }
        return chunks
    }

    // MARK: B-tree of version 1

    private func visit(
        _ address: Int, level: Int?, _ visits: inout HDF5Visits, chunks: inout [HDF5Chunk]
    ) throws(FormatError) {
        let widths = context.widths
        var head = try context.cursor(at: address, count: 8 + 2 * widths.offset)
        try head.expect("TREE", "a node of the chunks")
        let type = try head.byte()
        let own = try head.byte()
        let used = try head.short()
        guard type == 1, level == nil || own == (level ?? 0) - 1 else { throw damaged(address) }
        try context.enter(address, items: used, &visits, "node of the chunks")
        let keyWidth = 8 + 8 * (rank + 1)
        var body = try context.cursor(
            at: address + 8 + 2 * widths.offset, count: used * (keyWidth + widths.offset))
        for _ in 0..<used {
            let byteCount = try body.word()
            let mask = try body.word()
            var offsets: [Int] = []
            for _ in 0..<rank { offsets.append(try body.integer(8)) }
            try body.skip(8)
            let child = try body.definedAddress("a chunk")
            if own > 0 {
                try visit(child, level: own, &visits, chunks: &chunks)
            } else {
                chunks.append(HDF5Chunk(offsets: offsets, address: child, byteCount: byteCount, mask: mask))
            }
        }
    }

    // MARK: B-tree of version 2

    private func tree2(at address: Int, chunks: inout [HDF5Chunk]) throws(FormatError) {
        let widths = context.widths
        for record in try context.treeRecords(at: address, type: isFiltered ? 11 : 10) {
            var cursor = HDF5Cursor(record, widths, origin: address)
            let start = try cursor.definedAddress("a chunk")
            var byteCount = chunkByteCount
            var mask = 0
            if isFiltered {
                byteCount = try cursor.integer(record.count - widths.offset - 4 - 8 * rank)
                mask = try cursor.word()
            }
            var offsets: [Int] = []
            for extent in chunking.extents {
                let (offset, overflow) = try cursor.integer(8).multipliedReportingOverflow(by: extent)
                guard !overflow else { throw damaged(address) }
                offsets.append(offset)
            }
            chunks.append(HDF5Chunk(offsets: offsets, address: start, byteCount: byteCount, mask: mask))
        }
    }

    // MARK: The grid of chunks, for indexes that number them

    /// What an array keeps of a chunk.
    struct Element {
        let address: Int
        let byteCount: Int
        let mask: Int
    }

    /// Chunks along each extent; the one that may grow is as long as it is now.
    private func grid(unlimited: Int?) throws(FormatError) -> [Int] {
        var grid: [Int] = []
        for (index, extent) in chunking.extents.enumerated() {
            let maximum = (index == unlimited ? nil : space.maximum[index]) ?? space.shape[index]
            let (sum, overflow) = maximum.addingReportingOverflow(extent - 1)
            guard !overflow else { throw damaged(chunking.address ?? 0) }
            grid.append(sum / extent)
        }
        return grid
    }

    private func gridCount(_ grid: [Int]) throws(FormatError) -> Int {
        var count = 1
        for extent in grid {
            let (product, overflow) = count.multipliedReportingOverflow(by: extent)
            guard !overflow, product <= context.limits.itemCount else {
                throw FormatError(.limitExceeded, "a data set of the HDF5 file has too many chunks")
            }
            count = product
        }
        return count
    }

    /// Adds the chunk of this number; the extent that may grow counts slowest.
    private func append(
        _ number: Int, in grid: [Int], _ element: Element, unlimited: Int = 0, to chunks: inout [HDF5Chunk]
    ) {
        var order = Array(grid.indices)
        if order.indices.contains(unlimited) { order.insert(order.remove(at: unlimited), at: 0) }
        var offsets = [Int](repeating: 0, count: rank)
        var rest = number
        for index in order.reversed() where grid[index] > 0 {
            offsets[index] = rest % grid[index] * chunking.extents[index]
            rest /= grid[index]
        }
        // Room may be kept for what the data set can still grow by.
        guard zip(offsets, space.shape).allSatisfy({ $0 < $1 }) else { return }
        chunks.append(
            HDF5Chunk(offsets: offsets, address: element.address, byteCount: element.byteCount, mask: element.mask))
    }

    /// One element of an array; `nil` where its chunk was not written.
    func element(_ cursor: inout HDF5Cursor, width: Int) throws(FormatError) -> Element? {
        guard isFiltered else {
            return try cursor.address().map { Element(address: $0, byteCount: chunkByteCount, mask: 0) }
        }
        let address = try cursor.address()
        let byteCount = try cursor.integer(width - context.widths.offset - 4)
        let mask = try cursor.word()
        return address.map { Element(address: $0, byteCount: byteCount, mask: mask) }
    }

    func damaged(_ address: Int) -> FormatError {
        FormatError(.malformed, "the chunks of an HDF5 data set are damaged", at: "offset \(address)")
    }
}
