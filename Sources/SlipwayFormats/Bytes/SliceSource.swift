// SPDX-License-Identifier: Apache-2.0

/// A part of another source.
struct SliceSource: ByteSource {
    let byteCount: Int
    private let whole: any ByteSource
    private let start: Int

    /// - Throws: ``FormatError`` `truncated` when the part ends after the whole does.
    init(_ whole: any ByteSource, from start: Int, count: Int) throws(FormatError) {
        try whole.checkRange(offset: start, count: count)
        self.whole = whole
        self.start = start
        byteCount = count
    }

    func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FormatError) {
        try checkRange(offset: offset, count: buffer.count)
        try whole.read(at: start + offset, into: buffer)
    }
}
