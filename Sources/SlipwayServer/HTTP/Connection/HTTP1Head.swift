// SPDX-License-Identifier: Apache-2.0

package import HTTPTypes
package import NIOHTTP1

/// The head of an HTTP/1 request, checked for what lets two readers of the same bytes see different requests.
///
/// The parser has refused what is not well-formed; this refuses what is, but is ambiguous or not for us (RFC 9112,
/// sections 3.2, 6.1 and 6.3).
package struct HTTP1Head: Sendable {
    /// How much body follows.
    package enum BodyLength: Sendable, Hashable {
        case known(Int)
        case chunked
    }

    package let request: HTTPRequest
    package let bodyLength: BodyLength
    package let isHTTP10: Bool
    /// Whether the client waits for `100 Continue` before it sends the body.
    package let expectsContinue: Bool
    /// Whether another request may follow on the connection.
    package let isKeepAlive: Bool

    /// Bytes of names and values together; the target counts as one. Tokens and cookies fit many times.
    package static let largestFields = 64 << 10
    package static let mostFields = 256
    /// Bytes of a request's target.
    package static let longestTarget = 16 << 10

    package init(_ head: HTTPRequestHead) throws(HTTP1Refusal) {
        guard let method = HTTPRequest.Method(head.method.rawValue) else {
            throw HTTP1Refusal(status: 400, "the method is not known")
        }
        // TRACE gives headers back to whoever asks, CONNECT is for proxies.
        guard method != .trace, method != .connect else {
            throw HTTP1Refusal(status: 501, "\(method.rawValue) is not supported")
        }
        var framing = HTTP1Framing()
        var fields = HTTPFields()
        fields.reserveCapacity(head.headers.count)
        for (name, value) in head.headers {
            if try framing.note(name, value) { continue }
            guard let name = HTTPField.Name(name) else {
                throw HTTP1Refusal(status: 400, "a header's name is not a token")
            }
            fields.append(HTTPField(name: name, value: value))
        }
        isHTTP10 = head.version == .http1_0
        bodyLength = try framing.bodyLength(isHTTP10: isHTTP10)
        let host = try framing.host(isHTTP10: isHTTP10)
        let isExpecting = isHTTP10 ? false : try framing.expectsContinue()
        expectsContinue = isExpecting && bodyLength != .known(0)
        // No protocol is switched to; the parser takes all after such a request for another protocol's.
        isKeepAlive = head.isKeepAlive && !framing.asksForUpgrade
        let path = try Self.path(head.uri, method, host)
        request = HTTPRequest(method: method, scheme: "http", authority: host, path: path, headerFields: fields)
    }

    /// The path and query of a target.
    private static func path(
        _ target: String, _ method: HTTPRequest.Method, _ host: String?
    ) throws(HTTP1Refusal) -> String {
        guard target.utf8.count <= longestTarget else {
            throw HTTP1Refusal(status: 414, "the target has more than \(longestTarget) bytes")
        }
        if target.utf8.first == UInt8(ascii: "/") { return target }
        if target == "*", method == .options { return target }
        return try absolute(target, host)
    }

    /// What follows the authority of `http://authority/path`, which must be the `Host`.
    private static func absolute(_ target: String, _ host: String?) throws(HTTP1Refusal) -> String {
        for scheme in ["http://", "https://"] where target.utf8.count > scheme.utf8.count {
            let end = target.utf8.index(target.startIndex, offsetBy: scheme.utf8.count)
            guard target[..<end].lowercased() == scheme else { continue }
            let rest = target[end...]
            let slash = rest.utf8.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
            guard let host, rest[..<slash].lowercased() == host.lowercased() else {
                throw HTTP1Refusal(status: 400, "the target names another host than the Host header")
            }
            let path = String(rest[slash...])
            return path.utf8.first == UInt8(ascii: "/") ? path : "/" + path
        }
        throw HTTP1Refusal(status: 400, "the target is no path: it must begin with '/'")
    }
}
