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
    /// How many buffers each column of views has beside its two.
    private let viewBuffers: [Int]

    /// - Parameters:
    ///   - table: A RecordBatch.
    ///   - message: The message that it came in, itself or as a dictionary.
    /// - Throws: ``FormatError`` `unsupported` for compressed bodies, `malformed`.
    init(_ table: FlatTable, in message: ArrowMessage) throws(FormatError) {
        if let compression = try table.table(3) {
            let codec = try compression.integer(0, default: UInt8(0)) == 0 ? "lz4" : "zstd"
            throw FormatError(
                .unsupported,
                "the Arrow data are compressed with \(codec), which is not read: write them uncompressed, with pyarrow "
                    + "IpcWriteOptions(compression=None) or feather.write_feather(..., compression='uncompressed')")
        }
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
        guard count / 8 <= bodyByteCount || nodes.allSatisfy({ $0.nullCount == $0.length }), count < 1 << 56 else {
            throw FlatTable.damaged
        }
        byteCount = bodyByteCount
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
