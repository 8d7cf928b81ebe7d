// SPDX-License-Identifier: Apache-2.0

/// One message of an Arrow file or stream: metadata, and where the body lies.
///
/// Format: Apache Arrow, "Columnar Format", section "Encapsulated message format".
struct ArrowMessage {
    enum Kind { case schema, dictionary, batch, other }

    let kind: Kind
    /// The kind's own table.
    let table: FlatTable
    let bodyOffset: Int
    let bodyByteCount: Int

    /// Where the next message begins.
    var end: Int { bodyOffset + bodyByteCount }

    private static let metadataLimit = 64 << 20

    /// The message at `offset`; `nil` at the end of the stream.
    static func read(_ source: any ByteSource, at offset: Int) throws(FormatError) -> ArrowMessage? {
        guard offset >= 0, offset < source.byteCount else { return nil }
        let head = try source.bytes(at: offset, count: 8)
        guard let mark: UInt32 = head.littleEndian(at: 0), let size: UInt32 = head.littleEndian(at: 4) else {
            throw FlatTable.damaged
        }
        guard mark == .max else {
            throw FormatError(
                .malformed, "there is no Arrow message where one must begin; Arrow before 0.15 is not read",
                at: "offset \(offset)")
        }
        if size == 0 { return nil }
        guard size <= metadataLimit else {
            throw FormatError(
                .limitExceeded, "Arrow metadata of \(size) bytes, the limit is \(metadataLimit)", at: "offset \(offset)"
            )
        }
        let message = try FlatTable(root: try source.bytes(at: offset + 8, count: Int(size)))
        let bodyByteCount = try message.integer(3, default: Int64(0))
        let bodyOffset = offset + 8 + Int(size)
        guard bodyByteCount >= 0, bodyByteCount <= source.byteCount - bodyOffset else {
            throw FormatError(
                .truncated, "an Arrow message ends after the file does; the file is incomplete", at: "offset \(offset)")
        }
        let kind: Kind =
            switch try message.integer(1, default: UInt8(0)) {
            case 1: .schema
            case 2: .dictionary
            case 3: .batch
            default: .other
            }
        guard let table = try message.table(2) else { throw FlatTable.damaged }
        return ArrowMessage(kind: kind, table: table, bodyOffset: bodyOffset, bodyByteCount: Int(bodyByteCount))
    }
}
