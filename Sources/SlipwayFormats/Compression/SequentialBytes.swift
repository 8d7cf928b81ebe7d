// SPDX-License-Identifier: Apache-2.0

/// Bytes that come one after another, once: a file read from front to back, or what decompression makes.
///
/// Not for use by several threads at once.
protocol SequentialBytes: AnyObject {
    /// How many bytes are still to come; `nil` when only reading tells.
    var remaining: Int? { get }

    /// Fills some of `buffer`, which is not empty, and says how much; 0 at the end.
    ///
    /// - Throws: ``FormatError``; nothing is to be read after that.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(FormatError) -> Int
}

/// A part of a source, from front to back.
final class SourceBytes: SequentialBytes {
    private let source: any ByteSource
    private var offset: Int

    init(_ source: any ByteSource, from offset: Int = 0) {
        self.source = source
        self.offset = max(0, min(offset, source.byteCount))
    }

    var remaining: Int? { source.byteCount - offset }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(FormatError) -> Int {
        let count = min(buffer.count, source.byteCount - offset)
        guard count > 0 else { return 0 }
        try source.read(at: offset, into: UnsafeMutableRawBufferPointer(rebasing: buffer[0..<count]))
        offset += count
        return count
    }
}
