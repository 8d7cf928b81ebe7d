// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Some lines of a text file.
public struct LineBlock: Sendable {
    /// The lines one after the other, without their ends.
    public private(set) var bytes: [UInt8] = []
    private var ends: [Int] = []
    private var numbers: [Int] = []

    public init() {}

    public var count: Int { ends.count }

    /// Where in ``bytes`` a line lies.
    public func range(of index: Int) -> Range<Int> { (index == 0 ? 0 : ends[index - 1])..<ends[index] }

    /// A line's number in the file, counted from 1.
    public func line(of index: Int) -> Int { numbers[index] }

    mutating func append(_ run: UnsafeBufferPointer<UInt8>) { bytes.append(contentsOf: run) }

    /// Ends the line that was appended; one of white space only is dropped.
    mutating func endLine(number: Int) {
        let start = ends.last ?? 0
        if bytes.count > start, bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        guard bytes[start...].contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }) else {
            bytes.removeLast(bytes.count - start)
            return
        }
        ends.append(bytes.count)
        numbers.append(number)
    }
}

/// Reads a file of lines, such as JSON lines, from front to back, a block at a time.
///
/// Lines end with LF or CRLF; the last may lack its end. Lines of white space and a byte order mark are left out.
public struct LineStream {
    /// Where the next line begins.
    public private(set) var position: TextPosition
    private let bytes: ForwardBytes
    private let limits: TextLimits

    /// - Parameter position: A position that an earlier stream of the same source gave.
    public init(_ source: any ByteSource, from position: TextPosition = TextPosition(), limits: TextLimits = .init()) {
        self.position = position
        self.limits = limits
        bytes = ForwardBytes(source, from: position.offset)
    }

    /// The next lines: `count`, or fewer once they hold `byteCount` bytes or the source ends.
    ///
    /// - Returns: A block without lines at the end of the source.
    /// - Throws: ``FormatError`` `limitExceeded` at the line.
    public mutating func read(_ count: Int, byteCount: Int = .max) throws(FormatError) -> LineBlock {
        var block = LineBlock()
        while block.count < count, block.bytes.count < byteCount, try take(&block) {}
        return block
    }

    /// Passes over lines.
    ///
    /// - Returns: How many there were, at most `count`.
    public mutating func skip(_ count: Int) throws(FormatError) -> Int {
        var done = 0
        while done < count {
            // A line is looked at before it is passed over, for empty ones do not count.
            var block = LineBlock()
            while block.count < min(count - done, 1024), block.bytes.count < 1 << 20, try take(&block) {}
            guard block.count > 0 else { break }
            done += block.count
        }
        return done
    }

    /// Takes one line; `false` when the source has ended.
    private mutating func take(_ block: inout LineBlock) throws(FormatError) -> Bool {
        try bytes.skipByteOrderMark()
        var length = 0
        var isThere = false
        while try bytes.fill() {
            isThere = true
            let start = bytes.window + bytes.cursor
            let rest = bytes.count - bytes.cursor
            let end = memchr(start, 10, rest).map { $0.assumingMemoryBound(to: UInt8.self) - start }
            length += end ?? rest
            guard length <= limits.rowByteCount else {
                throw FormatError(
                    .limitExceeded, "a line has more than \(limits.rowByteCount) bytes", at: "line \(position.line)")
            }
            block.append(UnsafeBufferPointer(start: start, count: end ?? rest))
            bytes.cursor += end.map { $0 + 1 } ?? rest
            if end != nil { break }
        }
        guard isThere else { return false }
        block.endLine(number: position.line)
        position = TextPosition(offset: bytes.offset, line: position.line + 1)
        return true
    }
}
