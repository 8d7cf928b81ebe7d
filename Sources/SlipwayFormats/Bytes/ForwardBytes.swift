// SPDX-License-Identifier: Apache-2.0

/// A window that moves forward over a ``ByteSource``, for readers that look at every byte once.
///
/// Not for use by several threads at once.
final class ForwardBytes {
    private static let windowSize = 256 * 1024

    /// The bytes that were read ahead; those before ``cursor`` are done with.
    let window: UnsafeMutablePointer<UInt8>
    private(set) var count = 0
    var cursor = 0
    private let source: any ByteSource
    private var windowStart: Int

    init(_ source: any ByteSource, from offset: Int) {
        self.source = source
        windowStart = max(0, min(offset, source.byteCount))
        window = .allocate(capacity: Self.windowSize)
        window.initialize(repeating: 0, count: Self.windowSize)
    }

    deinit { window.deallocate() }

    /// Where the next byte lies in the source.
    var offset: Int { windowStart + cursor }

    /// Makes sure that a byte is at the cursor; `false` at the end of the source.
    @inline(__always)
    func fill() throws(FormatError) -> Bool { cursor < count ? true : try refill() }

    /// The byte at the cursor, `nil` at the end of the source.
    func peek() throws(FormatError) -> UInt8? { try fill() ? window[cursor] : nil }

    /// Passes over the byte order mark of UTF-8 where the source begins with one.
    func skipByteOrderMark() throws(FormatError) {
        guard offset == 0, try fill(), count >= 3 else { return }
        if window[0] == 0xEF, window[1] == 0xBB, window[2] == 0xBF { cursor = 3 }
    }

    private func refill() throws(FormatError) -> Bool {
        windowStart += count
        (count, cursor) = (0, 0)
        let next = min(Self.windowSize, source.byteCount - windowStart)
        guard next > 0 else { return false }
        try source.read(at: windowStart, into: UnsafeMutableRawBufferPointer(start: window, count: next))
        count = next
        return true
    }
}

/// Where a text file's next row begins: what a reader needs to go on there later.
public struct TextPosition: Sendable, Hashable, Codable {
    /// Bytes before it.
    public var offset: Int
    /// Its line, counted from 1.
    public var line: Int

    public init(offset: Int = 0, line: Int = 1) {
        self.offset = offset
        self.line = line
    }
}

/// What one row of a text file may take.
public struct TextLimits: Sendable, Hashable {
    /// Bytes of one row, quotes and commas not counted.
    public var rowByteCount: Int

    public init(rowByteCount: Int = 64 << 20) { self.rowByteCount = rowByteCount }
}
