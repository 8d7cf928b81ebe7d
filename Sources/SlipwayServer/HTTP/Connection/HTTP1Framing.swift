// SPDX-License-Identifier: Apache-2.0

/// The headers that say where a request ends and whom it is for, gathered while the others pass.
struct HTTP1Framing {
    private var hosts: [String] = []
    private var length: String?
    private var coding: String?
    private var expectation: String?
    private(set) var asksForUpgrade = false

    /// Looks at one header; all but a few are told apart by the length of their name alone.
    ///
    /// - Returns: Whether it is `Host`, which is no header any more once it is the request's authority.
    mutating func note(_ name: String, _ rawValue: String) throws(HTTP1Refusal) -> Bool {
        switch name.utf8.count {
        case 4 where Self.equal(name, "host"):
            hosts.append(Self.trimmed(rawValue))
            return true
        case 6 where Self.equal(name, "expect"):
            let value = Self.trimmed(rawValue)
            expectation = expectation.map { $0 + "," + value } ?? value
        case 7 where Self.equal(name, "upgrade"): asksForUpgrade = true
        case 14 where Self.equal(name, "content-length"):
            guard length == nil else { throw HTTP1Refusal(status: 400, "Content-Length stands there twice") }
            length = Self.trimmed(rawValue)
        case 17 where Self.equal(name, "transfer-encoding"):
            guard coding == nil else { throw HTTP1Refusal(status: 400, "Transfer-Encoding stands there twice") }
            // The parser takes a tab here for a part of the coding.
            coding = Self.trimmed(rawValue) { $0 == 0x20 }
        default: break
        }
        return false
    }

    func bodyLength(isHTTP10: Bool) throws(HTTP1Refusal) -> HTTP1Head.BodyLength {
        guard let coding else {
            guard let length else { return .known(0) }
            guard !length.isEmpty, length.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let bytes = Int(length)
            else { throw HTTP1Refusal(status: 400, "Content-Length is no number of bytes") }
            return .known(bytes)
        }
        guard length == nil else {
            throw HTTP1Refusal(status: 400, "both Content-Length and Transfer-Encoding: send one of them")
        }
        guard !isHTTP10 else { throw HTTP1Refusal(status: 400, "HTTP/1.0 has no Transfer-Encoding") }
        guard Self.equal(coding, "chunked") else {
            throw HTTP1Refusal(status: 501, "the only Transfer-Encoding is chunked")
        }
        return .chunked
    }

    /// - Returns: `nil` only where HTTP/1.0 leaves it out.
    func host(isHTTP10: Bool) throws(HTTP1Refusal) -> String? {
        guard hosts.count <= 1 else { throw HTTP1Refusal(status: 400, "Host stands there more than once") }
        guard let host = hosts.first else {
            guard isHTTP10 else { throw HTTP1Refusal(status: 400, "HTTP/1.1 asks for a Host header") }
            return nil
        }
        guard host.utf8.allSatisfy(Self.belongsInHost) else {
            throw HTTP1Refusal(status: 400, "the Host header is no host and port")
        }
        return host
    }

    func expectsContinue() throws(HTTP1Refusal) -> Bool {
        guard let expectation else { return false }
        guard Self.equal(expectation, "100-continue") else {
            throw HTTP1Refusal(status: 417, "the only Expect is 100-continue")
        }
        return true
    }

    /// Characters of names, addresses and ports (RFC 3986, section 3.2.2); none that begins a path, a query or user
    /// information.
    private static func belongsInHost(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: ":"),
            UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "%"):
            true
        default: false
        }
    }

    /// Without the white space behind it, which is no part of a value (RFC 9112, section 5.1) and which the parser
    /// leaves there.
    private static func trimmed(
        _ value: String, isSpace: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
    ) -> String {
        guard let last = value.utf8.last, isSpace(last) else { return value }
        guard let end = value.utf8.lastIndex(where: { !isSpace($0) }) else { return "" }
        return String(value[...end])
    }

    private static func equal(_ text: String, _ lowercased: StaticString) -> Bool {
        let bytes = text.utf8
        guard bytes.count == lowercased.utf8CodeUnitCount else { return false }
        var expected = lowercased.utf8Start
        for byte in bytes {
            let isUpper = (0x41...0x5A).contains(byte)
            guard (isUpper ? byte | 0x20 : byte) == expected.pointee else { return false }
            expected += 1
        }
        return true
    }
}
