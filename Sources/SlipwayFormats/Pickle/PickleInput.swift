// SPDX-License-Identifier: Apache-2.0

/// A window that moves forward over a pickle's bytes.
struct PickleInput: ~Copyable {
    private static let capacity = 256 * 1024
    /// Pieces up to this size are looked at inside the window.
    static let windowPiece = 64 * 1024
    /// Memory that is taken on the word of a length alone.
    private static let trustedByteCount = 1 << 20

    private let reader: any SequentialBytes
    private let window: UnsafeMutablePointer<UInt8>
    private var cursor = 0
    private var end = 0
    /// Where the window's first byte lies in the stream.
    private var windowOffset: Int
    private let limit: Int

    /// - Parameters:
    ///   - offset: Where the reader's first byte lies, for what is said about the stream.
    ///   - limit: The offset at which reading ends with an error.
    init(_ reader: any SequentialBytes, from offset: Int = 0, limit: Int) {
        self.reader = reader
        self.limit = limit
        windowOffset = offset
        window = .allocate(capacity: Self.capacity)
        window.initialize(repeating: 0, count: Self.capacity)
    }

    deinit { window.deallocate() }

    /// Bytes that are still to come; `nil` when only reading tells.
    var remaining: Int? { reader.remaining.map { $0 + end - cursor } }

    /// Where the next byte lies in the stream.
    var offset: Int { windowOffset &+ cursor }

    /// The next byte.
    @inline(__always)
    mutating func byte() throws(FormatError) -> UInt8 {
        if cursor == end { try refill(1) }
        let value = window[cursor]
        cursor &+= 1
        return value
    }

    /// The next byte, which stays; `nil` at the end.
    mutating func peek() throws(FormatError) -> UInt8? {
        if cursor == end, try !load(1) { return nil }
        return window[cursor]
    }

    /// The next `count` bytes, at most ``windowPiece``; good until the next call.
    @inline(__always)
    mutating func piece(_ count: Int) throws(FormatError) -> UnsafeBufferPointer<UInt8> {
        if end &- cursor < count { try refill(count) }
        let start = cursor
        cursor &+= count
        return UnsafeBufferPointer(start: window + start, count: count)
    }

    /// The next bytes without taking them, fewer at the end of the stream.
    mutating func lookAhead(_ count: Int) throws(FormatError) -> UnsafeBufferPointer<UInt8> {
        let count = min(count, Self.windowPiece)
        if end - cursor < count { _ = try load(count) }
        return UnsafeBufferPointer(start: window + cursor, count: min(count, end - cursor))
    }

    /// A little-endian integer.
    @inline(__always)
    mutating func integer<T: FixedWidthInteger>(_ type: T.Type) throws(FormatError) -> T {
        let bytes = try piece(MemoryLayout<T>.size)
        return T(littleEndian: UnsafeRawBufferPointer(bytes).loadUnaligned(as: T.self))
    }

    /// A length of 8 bytes.
    mutating func length() throws(FormatError) -> Int {
        guard let length = Int(exactly: try integer(UInt64.self)) else { throw tooLong(Int.max) }
        return length
    }

    /// A line without its end; the line's length is bounded by ``windowPiece``.
    mutating func line() throws(FormatError) -> UnsafeBufferPointer<UInt8> {
        var length = 0
        while true {
            let ahead = UnsafeBufferPointer(start: window + cursor, count: end - cursor)
            if let found = ahead[length...].firstIndex(of: 0x0A) {
                cursor += found + 1
                return UnsafeBufferPointer(rebasing: ahead[..<found])
            }
            length = ahead.count
            guard length < Self.windowPiece else {
                throw FormatError(.limitExceeded, "a line is longer than \(Self.windowPiece) bytes", at: place)
            }
            guard try load(length + 1) else { throw FormatError(.truncated, "the pickle ends in a line", at: place) }
        }
    }

    /// `count` bytes, as a copy of their own.
    mutating func bytes(_ count: Int) throws(FormatError) -> [UInt8] {
        try check(count)
        var result: [UInt8] = []
        result.reserveCapacity(reader.remaining == nil ? min(count, Self.trustedByteCount) : count)
        while result.count < count {
            let wanted = count - result.count
            if cursor < end {
                let part = min(end - cursor, wanted)
                result.append(contentsOf: UnsafeBufferPointer(start: window + cursor, count: part))
                cursor += part
                continue
            }
            // Straight from the reader, past the window, in steps that bound what a false length takes.
            let step = reader.remaining == nil ? min(wanted, max(Self.trustedByteCount, result.count)) : wanted
            let chunk = try direct(step)
            guard !chunk.isEmpty else { throw cut(wanted) }
            if result.isEmpty { result = chunk } else { result += chunk }
        }
        return result
    }

    /// Leaves out `count` bytes.
    mutating func skip(_ count: Int) throws(FormatError) {
        try check(count)
        var rest = count
        while rest > 0 {
            if cursor == end { try refill(1) }
            let part = min(end - cursor, rest)
            cursor += part
            rest -= part
        }
    }

    private mutating func direct(_ count: Int) throws(FormatError) -> [UInt8] {
        var failure: FormatError?
        let reader = reader
        let chunk = [UInt8](unsafeUninitializedCapacity: count) { target, made in
            do throws(FormatError) {
                while made < count {
                    let rest = UnsafeMutableRawBufferPointer(target)[made..<count]
                    let read = try reader.read(into: UnsafeMutableRawBufferPointer(rebasing: rest))
                    guard read > 0 else { break }
                    made += read
                }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        windowOffset += end + chunk.count
        (cursor, end) = (0, 0)
        return chunk
    }

    private func check(_ count: Int) throws(FormatError) {
        guard count >= 0, count <= limit - offset else { throw tooLong(count) }
        if let remaining = reader.remaining, count > remaining + (end - cursor) { throw cut(count) }
    }

    @inline(never)
    private mutating func refill(_ count: Int) throws(FormatError) {
        guard try load(count) else { throw cut(count) }
    }

    /// Makes `count` bytes ready at the cursor; `false` when the stream ends before.
    private mutating func load(_ count: Int) throws(FormatError) -> Bool {
        if cursor > 0 {
            window.update(from: window + cursor, count: end - cursor)
            windowOffset += cursor
            (cursor, end) = (0, end - cursor)
        }
        while end < count {
            guard windowOffset + end < limit else { throw tooLong(count) }
            let room = min(Self.capacity - end, limit - windowOffset - end)
            let read = try reader.read(into: UnsafeMutableRawBufferPointer(start: window + end, count: room))
            guard read > 0 else { return false }
            end += read
        }
        return true
    }

    private var place: String { "offset \(offset)" }

    private func cut(_ count: Int) -> FormatError {
        FormatError(.truncated, "the pickle ends early: \(count) more bytes were expected", at: place)
    }

    private func tooLong(_ count: Int) -> FormatError {
        FormatError(
            .limitExceeded, "the pickle is longer than the limit of \(limit) bytes once decompressed", at: place)
    }
}
