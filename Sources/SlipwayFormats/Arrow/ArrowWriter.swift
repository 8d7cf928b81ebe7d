// SPDX-License-Identifier: Apache-2.0

/// Writes a table as an Arrow IPC file or stream, a batch of rows at a time.
///
/// Gives bytes and does no I/O: write what ``start()``, ``batch(_:)`` and ``finish(metadata:)`` return one after
/// another. Memory is that of a batch, and 24 bytes for each one written.
///
/// Format: Apache Arrow, "Columnar Format", section "Serialization and Interprocess Communication (IPC)", metadata
/// version 5.
public struct ArrowWriter: Sendable {
    public enum Framing: Sendable {
        /// With a footer, so that batches can be read in any order; opened by `pyarrow.ipc.open_file` and pandas.
        case file
        case stream
    }

    public let fields: [ArrowOutputField]
    /// Bytes given so far.
    public private(set) var byteCount = 0
    private let framing: Framing
    private let compression: BlockCompression?
    private let metadata: [(key: String, value: String)]
    private var blocks: [Block] = []

    private struct Block {
        let offset: Int
        let headByteCount: Int
        let bodyByteCount: Int
    }

    static let magic = Array("ARROW1".utf8)
    /// Version 5 of the metadata.
    private static let version: Int16 = 4

    /// - Parameters:
    ///   - compression: Of bodies; one whose library is missing makes ``batch(_:)`` throw.
    ///   - metadata: Kept with the schema.
    public init(
        _ fields: [ArrowOutputField], framing: Framing = .file, compression: BlockCompression? = nil,
        metadata: [(key: String, value: String)] = []
    ) {
        self.fields = fields
        self.framing = framing
        self.compression = compression
        self.metadata = metadata
    }

    /// What comes first: the magic of a file, and the schema.
    public mutating func start() -> [UInt8] {
        var result = framing == .file ? Self.magic + [0, 0] : []
        var builder = FlatBuilder()
        let schema = ArrowSchemaMessage.schema(fields, metadata: metadata, in: &builder)
        let message = Self.message(1, schema, bodyByteCount: 0, &builder)
        result += Self.framed(builder.finished(root: message))
        byteCount += result.count
        return result
    }

    /// Some rows.
    ///
    /// - Parameter columns: One for each field, of its type, all equally long.
    /// - Throws: ``FormatError`` `malformed` for columns that do not fit, what compression throws.
    public mutating func batch(_ columns: [ArrowColumnData]) throws(FormatError) -> [UInt8] {
        let count = columns.first?.count ?? 0
        guard columns.map(\.type) == fields.map(\.type), columns.allSatisfy({ $0.count == count }) else {
            throw FormatError(.malformed, "the columns of an Arrow batch do not fit its schema")
        }
        var body = ArrowBody(compression: compression)
        for column in columns { try body.add(column) }
        var builder = FlatBuilder()
        var parts: [Int: FlatBuilder.Field] = [0: .long(Int64(count))]
        if let compression {
            parts[3] = .reference(builder.table([0: .byte(compression == .lz4 ? 0 : 1), 1: .byte(0)]))
        }
        parts[2] = .reference(builder.vector(words: body.buffers, count: body.buffers.count / 2))
        parts[1] = .reference(builder.vector(words: body.nodes, count: body.nodes.count / 2))
        let batch = builder.table(parts)
        let message = Self.message(3, batch, bodyByteCount: body.bytes.count, &builder)
        let head = Self.framed(builder.finished(root: message))
        blocks.append(Block(offset: byteCount, headByteCount: head.count, bodyByteCount: body.bytes.count))
        byteCount += head.count + body.bytes.count
        return head + body.bytes
    }

    /// What comes last: the mark of the end, and a file's footer.
    ///
    /// - Parameter extra: Kept in the footer of a file; a stream has none.
    public mutating func finish(metadata extra: [(key: String, value: String)] = []) -> [UInt8] {
        var result: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0]
        if framing == .file {
            var builder = FlatBuilder()
            let words = blocks.flatMap { block in
                // The second member has 32 bits and as many of padding: as one little-endian number it is the same.
                [Int64(block.offset), Int64(block.headByteCount), Int64(block.bodyByteCount)]
            }
            var parts: [Int: FlatBuilder.Field] = [0: .short(Self.version)]
            if !extra.isEmpty { parts[4] = .reference(ArrowSchemaMessage.pairs(extra, in: &builder)) }
            parts[3] = .reference(builder.vector(words: words, count: blocks.count))
            parts[2] = .reference(builder.vector(words: [], count: 0))
            parts[1] = .reference(ArrowSchemaMessage.schema(fields, metadata: metadata, in: &builder))
            let footer = builder.table(parts)
            let bytes = builder.finished(root: footer)
            result += bytes
            result.appendLittleEndian(UInt32(truncatingIfNeeded: bytes.count))
            result += Self.magic
        }
        byteCount += result.count
        return result
    }

    private static func message(
        _ kind: UInt8, _ header: FlatBuilder.Place, bodyByteCount: Int, _ builder: inout FlatBuilder
    ) -> FlatBuilder.Place {
        builder.table([
            0: .short(version), 1: .byte(kind), 2: .reference(header), 3: .long(Int64(bodyByteCount)),
        ])
    }

    /// With the mark and the size before it.
    private static func framed(_ metadata: [UInt8]) -> [UInt8] {
        var result: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF]
        result.appendLittleEndian(UInt32(truncatingIfNeeded: metadata.count))
        return result + metadata
    }
}
