// SPDX-License-Identifier: Apache-2.0

/// A record batch's layout: where the buffers of its columns lie.
struct ArrowBatch {
    struct Node {
        let length: Int
        let nullCount: Int
    }

    /// The number of rows.
    let count: Int
    let nodes: [Node]
    /// Where buffers lie in the source, each inside the message's body.
    let buffers: [Range<Int>]
    /// Bytes of the body.
    let byteCount: Int
    /// How each buffer is compressed; `nil` where they are not.
    let compression: BlockCompression?
    /// How many buffers each column of views has beside its two.
    private let viewBuffers: [Int]

    /// Rows that a compressed batch may have: what a gibibyte of bits counts.
    private static let compressedRowLimit = 8 << 30

    /// - Parameters:
    ///   - table: A RecordBatch.
    ///   - message: The message that it came in, itself or as a dictionary.
    /// - Throws: ``FormatError`` `unsupported` for an unknown codec, `malformed`.
    init(_ table: FlatTable, in message: ArrowMessage) throws(FormatError) {
        compression = try Self.compression(table)
        let bodyByteCount = message.bodyByteCount
        let bodyOffset = message.bodyOffset
        count = try Self.size(try table.integer(0, default: Int64(0)))
        nodes = try table.structs(1, width: 16) { (node) throws(FormatError) in
            Node(length: try node.size(at: 0), nullCount: try node.size(at: 8))
        }
        buffers = try table.structs(2, width: 16) { (buffer) throws(FormatError) in
            let (offset, count) = (try buffer.size(at: 0), try buffer.size(at: 8))
            guard offset >= 0, count >= 0, offset <= bodyByteCount, count <= bodyByteCount - offset else {
                throw FormatError(.truncated, "a column of the Arrow data ends after its batch does")
            }
            return bodyOffset + offset..<bodyOffset + offset + count
        }
        viewBuffers = try table.structs(4, width: 8) { (count) throws(FormatError) in try count.size(at: 0) }
        guard nodes.allSatisfy({ $0.length >= 0 && $0.nullCount >= 0 && $0.nullCount <= $0.length }) else {
            throw FlatTable.damaged
        }
        // A row takes a bit at least, unless all columns are null or there are none.
        let isPlausible = compression == nil ? count / 8 <= bodyByteCount : count <= Self.compressedRowLimit
        guard isPlausible || nodes.allSatisfy({ $0.nullCount == $0.length }), count < 1 << 56 else {
            throw FlatTable.damaged
        }
        byteCount = bodyByteCount
    }

    private static func compression(_ table: FlatTable) throws(FormatError) -> BlockCompression? {
        guard let compression = try table.table(3) else { return nil }
        guard try compression.integer(1, default: UInt8(0)) == 0 else {
            throw FormatError(.unsupported, "the Arrow data are compressed by a method that is not known here")
        }
        switch try compression.integer(0, default: UInt8(0)) {
        case 0: return .lz4
        case 1: return .zstd
        default: throw FormatError(.unsupported, "the Arrow data are compressed with a codec that is not known here")
        }
    }

    /// Bytes of a buffer as it is used.
    func expandedByteCount(of buffer: Int, in source: any ByteSource) throws(FormatError) -> Int {
        let place = buffers[buffer]
        guard compression != nil, !place.isEmpty else { return place.count }
        let head = try source.bytes(at: place.lowerBound, count: min(8, place.count))
        guard let word: UInt64 = head.littleEndian(at: 0) else { throw FlatTable.damaged }
        if word == .max { return place.count - 8 }
        guard let count = Int(exactly: word), count <= ArrowColumnReader.byteLimit else {
            throw FormatError(
                .limitExceeded,
                "a buffer of the Arrow data has more than \(ArrowColumnReader.byteLimit) bytes when it is expanded: "
                    + "write smaller batches")
        }
        return count
    }

    /// Bytes of the body as it is used.
    func expandedByteCount(in source: any ByteSource) throws(FormatError) -> Int {
        guard compression != nil else { return byteCount }
        var total = 0
        for buffer in buffers.indices {
            // Each is at most a gibibyte, and there are not more than metadata of some mebibytes hold.
            total += try expandedByteCount(of: buffer, in: source)
        }
        return total
    }

    private static func size(_ value: Int64) throws(FormatError) -> Int {
        guard value >= 0 else { throw FlatTable.damaged }
        return Int(value)
    }

    /// Where the nodes and buffers of the field at `index` begin.
    func place(of index: Int, in fields: [ArrowField]) throws(FormatError) -> (node: Int, buffer: Int) {
        var place = (node: 0, buffer: 0)
        var views = 0
        for field in fields[..<index] {
            place.node += field.layout.nodes
            place.buffer += field.layout.buffers
            for _ in 0..<field.layout.views {
                guard views < viewBuffers.count, (0...buffers.count).contains(viewBuffers[views]) else {
                    throw FlatTable.damaged
                }
                place.buffer += viewBuffers[views]
                views += 1
            }
        }
        let layout = fields[index].layout
        guard place.node + layout.nodes <= nodes.count, place.buffer + layout.buffers <= buffers.count else {
            throw FormatError(
                .malformed, "an Arrow batch has fewer columns than the schema", at: "column '\(fields[index].name)'")
        }
        return place
    }
}
