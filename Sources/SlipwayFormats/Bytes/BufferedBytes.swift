// SPDX-License-Identifier: Apache-2.0

/// A window onto a ``ByteSource`` that moves to wherever a byte is asked for.
struct BufferedBytes {
    /// Small enough that skipping from one weight to the next wastes little, large enough for few system calls.
    private static let windowSize = 32 * 1024

    let source: any ByteSource
    private var window: [UInt8] = []
    private var windowStart = 0

    init(_ source: any ByteSource) { self.source = source }

    /// The byte at `offset`.
    ///
    /// - Throws: ``FormatError`` `truncated` when the source ends before it.
    @inline(__always)
    mutating func byte(at offset: Int) throws(FormatError) -> UInt8 {
        let index = offset &- windowStart
        if index >= 0 && index < window.count { return window[index] }
        try load(at: offset)
        return window[0]
    }

    /// A copy of `count` bytes from `offset` on.
    mutating func bytes(at offset: Int, count: Int) throws(FormatError) -> [UInt8] {
        let index = offset &- windowStart
        if index >= 0, count >= 0, index <= window.count, count <= window.count - index {
            return Array(window[index..<(index + count)])
        }
        guard count > 0, count < Self.windowSize else { return try source.bytes(at: offset, count: count) }
        try source.checkRange(offset: offset, count: count)
        try load(at: offset)
        return Array(window[0..<count])
    }

    private mutating func load(at offset: Int) throws(FormatError) {
        try source.checkRange(offset: offset, count: 1)
        let count = min(Self.windowSize, source.byteCount - offset)
        window = try source.bytes(at: offset, count: count)
        windowStart = offset
    }
}
