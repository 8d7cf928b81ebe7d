// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import NIOHTTP1
import SlipwayServer
import Testing

@Suite("Heads of HTTP/1 requests")
struct HTTP1HeadTests {
    private func head(
        _ headers: [(String, String)], _ method: HTTPMethod = .POST, _ target: String = "/p", _ version: HTTPVersion
    ) throws(HTTP1Refusal) -> HTTP1Head {
        try HTTP1Head(HTTPRequestHead(version: version, method: method, uri: target, headers: HTTPHeaders(headers)))
    }

    private func refusal(
        _ headers: [(String, String)], _ method: HTTPMethod = .POST, _ target: String = "/p",
        _ version: HTTPVersion = .http1_1
    ) -> Int? {
        do {
            _ = try head(headers, method, target, version)
            return nil
        } catch {
            return error.status
        }
    }

    @Test(
        "exactly one host, and nothing but a host and port in it",
        arguments: [
            (["h"], nil), (["h:80"], nil), (["[::1]:80"], nil), ([""], nil), (["h \t"], nil), ([" h"], 400),
            ([], 400), (["h", "h"], 400),
            (["h,i"], 400), (["u@h"], 400), (["h/p"], 400), (["h i"], 400), (["h\u{0}"], 400), (["ü"], 400),
        ] as [([String], Int?)])
    func host(hosts: [String], expected: Int?) {
        #expect(refusal(hosts.map { ("HoSt", $0) }) == expected)
    }

    @Test("HTTP/1.0 may leave out the host, and ends the connection unless it says otherwise")
    func http10() throws {
        let bare = try head([], .GET, "/p", .http1_0)
        #expect(bare.isHTTP10 && !bare.isKeepAlive && bare.request.authority == nil)
        #expect(try head([("Connection", "Keep-Alive")], .GET, "/p", .http1_0).isKeepAlive)
        #expect(refusal([("Host", "a"), ("Host", "a")], .GET, "/p", .http1_0) == 400)
    }

    @Test(
        "a length that two readers could read differently is refused",
        arguments: [
            ([("Content-Length", "3")], nil), ([("Content-Length", "3"), ("Content-Length", "3")], 400),
            ([("Content-Length", "3, 3")], 400), ([("content-length", "-1")], 400), ([("Content-Length", "+1")], 400),
            ([("Content-Length", "")], 400), ([("Content-Length", "0x3")], 400),
            ([("Content-Length", "99999999999999999999")], 400), ([("Transfer-Encoding", "Chunked")], nil),
            ([("Transfer-Encoding", "chunked"), ("Transfer-Encoding", "chunked")], 400),
            ([("Transfer-Encoding", "chunked, identity")], 501), ([("Transfer-Encoding", "gzip, chunked")], 501),
            ([("Transfer-Encoding", "xchunked")], 501), ([("Transfer-Encoding", "\u{0B}chunked")], 501),
            ([("Transfer-Encoding", "chunked"), ("Content-Length", "3")], 400),
            ([("Content-Length", "0"), ("TRANSFER-ENCODING", "chunked")], 400),
            ([("Content-Length", "3 \t")], nil), ([("Content-Length", "3 4")], 400), ([("Content-Length", " ")], 400),
            ([("Transfer-Encoding", "chunked ")], nil), ([("Transfer-Encoding", "chunked\t")], 501),
            ([("Transfer-Encoding", "chunked\u{0B}")], 501),
        ] as [([(String, String)], Int?)])
    func length(headers: [(String, String)], expected: Int?) {
        #expect(refusal([("Host", "h")] + headers) == expected)
    }

    @Test("HTTP/1.0 has no chunks")
    func chunksBefore11() {
        #expect(refusal([("Transfer-Encoding", "chunked")], .POST, "/p", .http1_0) == 400)
    }

    @Test(
        "the target is a path, or the whole address of this host",
        arguments: [
            ("/", "/"), ("/a?b=c", "/a?b=c"), ("http://h/a?b", "/a?b"), ("HTTP://H/a", "/a"), ("https://h", "/"),
            ("http://h?q", "/?q"), ("http://i/a", nil), ("http://h:80/a", nil), ("http:///a", nil), ("ftp://h/a", nil),
            ("a/b", nil), ("*", nil), ("h:80", nil), ("http://", nil), ("", nil), ("//i/a", "//i/a"),
        ] as [(String, String?)])
    func target(target: String, path: String?) {
        let read = try? head([("Host", "h")], .GET, target, .http1_1)
        #expect(read?.request.path == path)
    }

    @Test("OPTIONS alone may ask for the server as a whole")
    func asterisk() throws {
        #expect(try head([("Host", "h")], .OPTIONS, "*", .http1_1).request.path == "*")
    }

    @Test("a target is too long from 16 KiB on")
    func longTarget() {
        let longest = "/" + String(repeating: "a", count: HTTP1Head.longestTarget - 1)
        #expect(refusal([("Host", "h")], .GET, longest) == nil)
        #expect(refusal([("Host", "h")], .GET, longest + "a") == 414)
    }

    @Test("methods for proxies and for echoing are not supported", arguments: [HTTPMethod.TRACE, .CONNECT])
    func methods(method: HTTPMethod) {
        #expect(refusal([("Host", "h")], method) == 501)
    }

    @Test(
        "the client waits for 100 only where a body is to come",
        arguments: [
            ([("Expect", "100-Continue"), ("Content-Length", "1")], true), ([("Expect", "100-continue")], false),
            ([("Expect", "100-continue"), ("Transfer-Encoding", "chunked")], true), ([("Content-Length", "1")], false),
            ([("Expect", "100-continue "), ("Content-Length", "1")], true),
        ])
    func expectation(headers: [(String, String)], expected: Bool) throws {
        #expect(try head([("Host", "h")] + headers, .POST, "/p", .http1_1).expectsContinue == expected)
        #expect(try !head(headers.filter { $0.0 != "Transfer-Encoding" }, .POST, "/p", .http1_0).expectsContinue)
    }

    @Test("other expectations cannot be met")
    func otherExpectation() {
        #expect(refusal([("Host", "h"), ("Expect", "wine")]) == 417)
        #expect(refusal([("Host", "h"), ("Expect", "100-continue"), ("Expect", "wine")]) == 417)
    }

    @Test("no request follows one that asks for another protocol")
    func upgrade() throws {
        let headers = [("Host", "h"), ("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", "h2c")]
        #expect(try !head(headers, .GET, "/p", .http1_1).isKeepAlive)
        #expect(try head([("Host", "h")], .GET, "/p", .http1_1).isKeepAlive)
    }

    @Test("the host becomes the authority, other headers stay as they are")
    func fields() throws {
        let request = try head([("Host", "h"), ("X-A", "1"), ("x-a", "2")], .PUT, "/p", .http1_1).request
        #expect(request.authority == "h" && request.method == .put)
        #expect(request.headerFields.map { "\($0.name.rawName): \($0.value)" } == ["X-A: 1", "x-a: 2"])
    }
}
