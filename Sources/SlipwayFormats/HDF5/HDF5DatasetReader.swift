// SPDX-License-Identifier: Apache-2.0

/// Puts the values of one data set together.
struct HDF5DatasetReader {
    private let context: HDF5Context
    private let type: HDF5Datatype
    private let space: HDF5Dataspace
    private let layout: HDF5Layout
    private let filters: HDF5Filters
    private let fill: [UInt8]

    init(_ context: HDF5Context, _ messages: [HDF5Message]) throws(FormatError) {
        self.context = context
        func cursor(_ kind: HDF5Message.Kind) throws(FormatError) -> HDF5Cursor? {
            guard let message = messages.first(where: { $0.kind == kind }) else { return nil }
            return context.cursor(try context.resolved(message))
        }
        guard var layout = try cursor(.layout), var type = try cursor(.datatype), var space = try cursor(.dataspace)
        else { throw FormatError(.malformed, "this is not a data set, or parts of its header are missing") }
        guard try cursor(.externalFiles) == nil else {
            throw FormatError(.unsupported, "the values lie in another file; external files are not read")
        }
        self.type = try HDF5Datatype.read(&type)
        self.space = try HDF5Dataspace(&space, limits: context.limits)
        self.layout = try HDF5Layout(&layout)
        let width = self.type.width(context.widths)
        if var pipeline = try cursor(.filters) {
            filters = try HDF5Filters(&pipeline, elementWidth: width)
        } else {
            filters = HDF5Filters()
        }
        if var message = try cursor(.fillValue) {
            fill = try Self.fill(&message, width: width)
        } else {
            fill = []
        }
    }

    /// The value of what was never written, empty for zeros.
    private static func fill(_ cursor: inout HDF5Cursor, width: Int) throws(FormatError) -> [UInt8] {
        let version = try cursor.byte()
        let isDefined: Bool
        if version == 3 {
            isDefined = try cursor.byte() & 0x20 != 0
        } else {
            try cursor.skip(2)
            isDefined = try cursor.byte() != 0 || version == 1
        }
        guard isDefined, cursor.left >= 4 else { return [] }
        let size = try cursor.word()
        return size == width ? try cursor.take(size) : []
    }

    func read() throws(FormatError) -> HDF5Array {
        let width = type.width(context.widths)
        guard case .other(let name, _) = type else {
            let total = try context.limits.dataByteCount(
                try space.count, width: width, fileByteCount: context.source.byteCount)
            return try context.array(type, shape: space.shape, bytes: try bytes(total, width: width))
        }
        throw FormatError(.unsupported, "\(name) are not read from HDF5 files")
    }

    private func bytes(_ total: Int, width: Int) throws(FormatError) -> [UInt8] {
        guard total > 0 else { return [] }
        switch layout {
        case .compact(let bytes):
            guard bytes.count >= total else {
                throw .truncated("a data set", needed: total, available: bytes.count, offset: 0)
            }
            return Array(bytes.prefix(total))
        case .contiguous(nil): return filled(total)
        case .contiguous(let address?): return try context.source.bytes(at: address, count: total)
        case .chunked(let chunking): return try chunked(chunking, total: total, width: width)
        }
    }

    private func filled(_ total: Int) -> [UInt8] {
        guard !fill.isEmpty, fill.contains(where: { $0 != 0 }) else { return [UInt8](repeating: 0, count: total) }
        return [UInt8](unsafeUninitializedCapacity: total) { target, initialized in
            for index in 0..<total { target[index] = fill[index % fill.count] }
            initialized = total
        }
    }

    private func chunked(_ chunking: HDF5Chunking, total: Int, width: Int) throws(FormatError) -> [UInt8] {
        let extents = chunking.extents
        guard extents.count == space.shape.count, !extents.isEmpty, !extents.contains(0) else {
            throw FormatError(.malformed, "the chunks of an HDF5 data set do not have its rank")
        }
        var count = 1
        for extent in extents {
            let (product, overflow) = count.multipliedReportingOverflow(by: extent)
            guard !overflow else { throw FormatError(.limitExceeded, "a chunk of the HDF5 file is too large") }
            count = product
        }
        let chunkByteCount = try context.limits.dataByteCount(
            count, width: width, fileByteCount: context.source.byteCount)
        let index = HDF5ChunkIndex(
            context: context, chunking: chunking, space: space, chunkByteCount: chunkByteCount,
            isFiltered: !filters.isEmpty)
        var output = filled(total)
        var places = 1
        for (shape, extent) in zip(space.shape, extents) {
            places = min(context.limits.itemCount, places * min(context.limits.itemCount, (shape - 1) / extent + 1))
        }
        let chunks = try index.chunks()
        // A chunk that is named again and again would cost time without end.
        guard chunks.count <= places else { throw index.damaged(chunking.address ?? 0) }
        // Chunks may be larger than the data set, and lie at one place in the file.
        _ = try context.limits.dataByteCount(
            chunks.count, width: chunkByteCount, fileByteCount: context.source.byteCount)
        // Chunks that lie over one another in the file would be read many times, too.
        var packedByteCount = 0
        for chunk in chunks {
            packedByteCount += min(chunk.byteCount, context.source.byteCount)
            guard packedByteCount <= context.source.byteCount else { throw index.damaged(chunk.address) }
            guard zip(chunk.offsets, space.shape).allSatisfy({ $0 < $1 }) else { throw index.damaged(chunk.address) }
            let packed = try context.source.bytes(at: chunk.address, count: chunk.byteCount)
            let bytes = try filters.undo(packed, mask: chunk.mask, byteCount: chunkByteCount)
            guard bytes.count >= chunkByteCount else {
                throw .truncated("a chunk", needed: chunkByteCount, available: bytes.count, offset: chunk.address)
            }
            copy(bytes, extents: extents, to: chunk.offsets, in: &output, width: width)
        }
        return output
    }

    /// Copies the part of a chunk that lies inside the data set.
    private func copy(_ chunk: [UInt8], extents: [Int], to offsets: [Int], in output: inout [UInt8], width: Int) {
        let shape = space.shape
        let counts = zip(zip(extents, offsets), shape).map { min($0.0, $1 - $0.1) }
        let last = shape.count - 1
        let run = counts[last] * width
        var place = [Int](repeating: 0, count: last)
        while true {
            var source = 0
            var target = 0
            for axis in 0...last {
                let inner = axis < last ? place[axis] : 0
                source = source * extents[axis] + inner
                target = target * shape[axis] + offsets[axis] + inner
            }
            output.replaceSubrange(
                (target * width)..<(target * width + run), with: chunk[(source * width)..<(source * width + run)])
            var axis = last - 1
            while axis >= 0 {
                place[axis] += 1
                if place[axis] < counts[axis] { break }
                place[axis] = 0
                axis -= 1
            }
            if axis < 0 { return }
        }
    }
}
