// SPDX-License-Identifier: Apache-2.0

/// Finds the end of HTTP/1.1 replies in a stream of bytes, and reads nothing but what that takes.
///
/// Bodies are counted and dropped. Only one head is held in memory, 64 KiB at most.
package struct ReplyScanner: Sendable {
    package struct Reply: Sendable, Hashable {
        package let status: Int
        /// Whether the connection may carry another request.
        package let isPersistent: Bool
        /// Head and body as they came.
        package let byteCount: Int
    }

    /// The bytes are not an HTTP/1.1 reply.
    package struct Malformed: Error, Hashable {}

    private enum State {
        case head
        case body(remaining: UInt64)
        case chunkSize(value: UInt64, digits: Int, isExtension: Bool)
        case chunkData(remaining: UInt64)
        /// Before a line end; the bytes seen of the current trailer line.
        case trailer(lineLength: Int)
        case untilClose
    }

    private static let maximumHead = 65_536

    private var state = State.head
    private var head: [UInt8] = []
    private var status = 0
    private var isPersistent = true
    private var byteCount = 0

    package init() {}

    /// Reads on until a reply is whole or the bytes end.
    ///
    /// - Returns: The reply, if one became whole, and how many bytes were read; call again with the rest.
    package mutating func read(_ bytes: UnsafeRawBufferPointer) throws(Malformed) -> (reply: Reply?, consumed: Int) {
        var offset = 0
        while offset < bytes.count {
            let before = offset
            let isWhole = try step(bytes, &offset)
            byteCount += offset - before
            if isWhole { return (finish(), offset) }
        }
        return (nil, offset)
    }

    /// The connection closed: the reply, when its end is the connection's.
    package mutating func readEnd() -> Reply? {
        guard case .untilClose = state else { return nil }
        return finish()
    }

    private mutating func finish() -> Reply {
        let reply = Reply(status: status, isPersistent: isPersistent, byteCount: byteCount)
        state = .head
        byteCount = 0
        return reply
    }

    /// Reads what the state allows, one byte at least; `true` when the reply is whole.
    private mutating func step(_ bytes: UnsafeRawBufferPointer, _ offset: inout Int) throws(Malformed) -> Bool {
        switch state {
        case .head:
            return try readHead(bytes, &offset)
        case .body(let remaining):
            let rest = Self.skip(remaining, bytes, &offset)
            state = .body(remaining: rest)
            return rest == 0
        case .untilClose:
            offset = bytes.count
            return false
        case .chunkSize(let value, let digits, let isExtension):
            try readChunkSize(bytes[offset], value, digits, isExtension)
            offset += 1
            return false
        case .chunkData(let remaining):
            // The line end after the data counts as data.
            let rest = Self.skip(remaining, bytes, &offset)
            state = rest == 0 ? .chunkSize(value: 0, digits: 0, isExtension: false) : .chunkData(remaining: rest)
            return false
        case .trailer(let lineLength):
            let byte = bytes[offset]
            offset += 1
            guard byteCount < Int.max >> 1, lineLength < Self.maximumHead else { throw Malformed() }
            if byte == 0x0A {
                state = .trailer(lineLength: 0)
                return lineLength == 0
            }
            if byte != 0x0D { state = .trailer(lineLength: lineLength + 1) }
            return false
        }
    }

    private static func skip(_ remaining: UInt64, _ bytes: UnsafeRawBufferPointer, _ offset: inout Int) -> UInt64 {
        let count = min(remaining, UInt64(bytes.count - offset))
        offset += Int(count)
        return remaining - count
    }

    private mutating func readChunkSize(
        _ byte: UInt8, _ value: UInt64, _ digits: Int, _ isExtension: Bool
    ) throws(Malformed) {
        if byte == 0x0A {
            guard digits > 0 else { throw Malformed() }
            state = value == 0 ? .trailer(lineLength: 0) : .chunkData(remaining: value + 2)
        } else if isExtension || byte == UInt8(ascii: ";") || byte == 0x0D || byte == 0x20 {
            state = .chunkSize(value: value, digits: digits, isExtension: true)
        } else {
            // 15 digits are 60 bits: no overflow.
            guard digits < 15, let digit = Self.hexadecimal(byte) else { throw Malformed() }
            state = .chunkSize(value: value << 4 | UInt64(digit), digits: digits + 1, isExtension: false)
        }
    }

    private static func hexadecimal(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }

    /// Collects bytes up to the empty line; `true` when the reply has no body.
    private mutating func readHead(_ bytes: UnsafeRawBufferPointer, _ offset: inout Int) throws(Malformed) -> Bool {
        while offset < bytes.count {
            let byte = bytes[offset]
            offset += 1
            head.append(byte)
            guard head.count <= Self.maximumHead else { throw Malformed() }
            if byte == 0x0A, head.count > 3, head[head.count - 2] == 0x0D, head[head.count - 3] == 0x0A {
                return try parseHead()
            }
        }
        return false
    }

    private mutating func parseHead() throws(Malformed) -> Bool {
        let fields = try ReplyHead(head)
        head.removeAll(keepingCapacity: true)
        guard fields.status >= 200 else {
            // 100 Continue and its like: the reply proper follows.
            return false
        }
        status = fields.status
        isPersistent = fields.isPersistent
        if fields.status == 204 || fields.status == 304 { return true }
        if fields.isChunked {
            state = .chunkSize(value: 0, digits: 0, isExtension: false)
        } else if let length = fields.contentLength {
            state = .body(remaining: length)
            return length == 0
        } else {
            isPersistent = false
            state = .untilClose
        }
        return false
    }
}

/// The facts of a reply's head that decide where it ends.
private struct ReplyHead {
    var status = 0
    var isPersistent: Bool
    var isChunked = false
    var contentLength: UInt64?

    init(_ bytes: [UInt8]) throws(ReplyScanner.Malformed) {
        let lines = bytes.split(separator: 0x0A)
        guard let first = lines.first, first.starts(with: "HTTP/1.".utf8), first.count >= 12 else {
            throw ReplyScanner.Malformed()
        }
        for digit in first[(first.startIndex + 9)..<(first.startIndex + 12)] {
            guard (0x30...0x39).contains(digit) else { throw ReplyScanner.Malformed() }
            status = status * 10 + Int(digit - 0x30)
        }
        isPersistent = first[first.startIndex + 7] != UInt8(ascii: "0")
        for line in lines.dropFirst() { try take(line) }
    }

    private mutating func take(_ line: ArraySlice<UInt8>) throws(ReplyScanner.Malformed) {
        // Only three names matter; their lengths and first letters tell most lines apart at no cost.
        guard let first = line.first, "cCtT".utf8.contains(first), let colon = line.firstIndex(of: 0x3A) else { return }
        let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
        let value = String(decoding: line[(colon + 1)...], as: UTF8.self)
        switch name {
        case "content-length":
            let digits = value.filter { !$0.isWhitespace }
            guard let length = UInt64(digits), length < UInt64.max >> 2 else { throw ReplyScanner.Malformed() }
            contentLength = length
        case "transfer-encoding": isChunked = value.lowercased().contains("chunked")
        case "connection":
            let wish = value.lowercased()
            if wish.contains("close") { isPersistent = false }
            if wish.contains("keep-alive") { isPersistent = true }
        default: break
        }
    }
}
