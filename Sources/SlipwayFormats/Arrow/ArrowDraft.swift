// SPDX-License-Identifier: Apache-2.0

/// An Arrow file that is still being written, as a stream of the messages that are whole by now.
///
/// A file is a stream between its magic and its footer: what lacks the footer can be read as the stream that it is so
/// far. Only the bytes that the source had when this was made are looked at.
package struct ArrowDraft: ByteSource {
    private static let head = 8

    private let source: any ByteSource
    /// Up to the end of the last whole message.
    package let byteCount: Int

    /// - Throws: ``FormatError`` where not even a schema is whole.
    package init(_ source: any ByteSource) throws(FormatError) {
        guard let first = try ArrowMessage.read(source, at: Self.head), first.kind == .schema else {
            throw FormatError(.truncated, "the Arrow file has no schema yet")
        }
        var end = first.end
        while let message = try? ArrowMessage.read(source, at: end) { end = message.end }
        self.source = source
        byteCount = end - Self.head
    }

    package func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FormatError) {
        try checkRange(offset: offset, count: buffer.count)
        try source.read(at: Self.head + offset, into: buffer)
    }
}
