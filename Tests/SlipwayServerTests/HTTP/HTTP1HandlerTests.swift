// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOHTTPTypes
import SlipwayServer
import Testing

/// Notes how the connection was closed.
private final class ClosingNote: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    var isOutputClosed = false

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard mode == .output else { return context.close(mode: mode, promise: promise) }
        isOutputClosed = true
        promise?.succeed()
    }
}

/// A connection with the real parser and encoder; the test is the client and the application.
private struct Rig {
    let channel = EmbeddedChannel()
    private let note = ClosingNote()

    init(
        limits: HTTP1Exchange.Limits = .init(), lingering: HTTP1Handler.Lingering = .init(),
        isDraining: (@Sendable () -> Bool)? = nil
    ) throws {
        var handlers: [any ChannelHandler] = [note]
        handlers += HTTP1Codec.handlers()
        handlers.append(HTTP1Handler(limits: limits, lingering: lingering, isDraining: isDraining))
        try channel.pipeline.syncOperations.addHandlers(handlers)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    }

    func send(_ text: String) throws { try channel.writeInbound(ByteBuffer(string: text)) }

    /// What the application sees: `POST /a`, `3 bytes`, `end`.
    func seen() throws -> [String] {
        var parts: [String] = []
        while let part = try channel.readInbound(as: HTTPRequestPart.self) {
            switch part {
            case .head(let head): parts.append("\(head.method) \(head.path ?? "")")
            case .body(let bytes): parts.append("\(bytes.readableBytes) bytes")
            case .end: parts.append("end")
            }
        }
        return parts
    }

    func answer(_ body: String = "ok", status: Int = 200, hasLength: Bool = true) throws {
        var fields = HTTPFields()
        if hasLength { fields[.contentLength] = String(body.utf8.count) }
        let head = HTTPResponse(status: .init(code: status), headerFields: fields)
        try channel.writeOutbound(HTTPResponsePart.head(head))
        try channel.writeOutbound(HTTPResponsePart.body(ByteBuffer(string: body)))
        try channel.writeOutbound(HTTPResponsePart.end(nil))
    }

    func sent() throws -> String {
        var text = ""
        while let bytes = try channel.readOutbound(as: ByteBuffer.self) { text += String(buffer: bytes) }
        return text
    }

    /// The status lines of all that was sent, `close` after those that say so.
    func answers() throws -> [String] {
        let text = try sent()
        return text.split(separator: "HTTP/1.").compactMap { answer in
            let status = answer.dropFirst(2).prefix(3)
            // A body may name the protocol too.
            guard status.allSatisfy(\.isNumber) else { return nil }
            return status + (answer.lowercased().contains("connection: close") ? " close" : "")
        }
    }

    var isOpen: Bool { channel.isActive }
    var isOutputClosed: Bool { note.isOutputClosed }
}

@Suite("HTTP/1 connections")
struct HTTP1HandlerTests {
    private let get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"

    @Test("a request passes, and another may follow its answer")
    func keepAlive() throws {
        let rig = try Rig()
        for _ in 0..<3 {
            try rig.send(get)
            #expect(try rig.seen() == ["GET /a", "end"])
            try rig.answer()
            #expect(try rig.sent() == "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        }
        #expect(rig.isOpen)
    }

    @Test("the answer to the last request says so and closes", arguments: ["close", "Close", "x, close"])
    func close(connection: String) throws {
        let rig = try Rig()
        try rig.send("GET /a HTTP/1.1\r\nHost: h\r\nConnection: \(connection)\r\n\r\n")
        try rig.answer()
        #expect(try rig.answers() == ["200 close"])
        #expect(!rig.isOpen)
    }

    @Test("HTTP/1.0 is answered as such")
    func http10() throws {
        let rig = try Rig()
        try rig.send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        try rig.answer()
        let text = try rig.sent()
        #expect(text.hasPrefix("HTTP/1.0 200 OK\r\n") && text.lowercased().contains("connection: keep-alive"))
        #expect(rig.isOpen)
        try rig.send("GET /a HTTP/1.0\r\n\r\n")
        try rig.answer()
        #expect(try rig.answers() == ["200 close"])
        #expect(!rig.isOpen)
    }

    @Test("an answer without a length ends HTTP/1.0's connection, and is not in chunks")
    func http10Stream() throws {
        let rig = try Rig()
        try rig.send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        try rig.answer(hasLength: false)
        let text = try rig.sent().lowercased()
        #expect(text.contains("connection: close") && text.hasSuffix("\r\n\r\nok"))
        #expect(!rig.isOpen)
    }

    @Test("requests in one packet are taken together and answered in order")
    func pipelining() throws {
        let rig = try Rig()
        let post = "POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
        try rig.send(get + post + get)
        #expect(try rig.seen() == ["GET /a", "end", "POST /b", "3 bytes", "end", "GET /a", "end"])
        for _ in 0..<3 { try rig.answer() }
        #expect(try rig.answers() == ["200", "200", "200"])
        #expect(rig.isOpen)
    }

    @Test("too many requests at once: those taken are answered, the last of them closes")
    func tooManyPipelined() throws {
        var limits = HTTP1Exchange.Limits()
        limits.pipelined = 3
        let rig = try Rig(limits: limits)
        try rig.send(String(repeating: get, count: 10))
        #expect(try rig.seen().count == 6)
        for _ in 0..<3 { try rig.answer() }
        #expect(try rig.answers() == ["200", "200", "200 close"])
        #expect(rig.isOutputClosed)
    }

    @Test("chunks with extensions and trailers are one body, and trailers are no headers")
    func chunks() throws {
        let rig = try Rig()
        try rig.send(
            "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "3;name=value\r\nabc\r\n1\r\nd\r\n0\r\nX-After: 1\r\n\r\n")
        #expect(try rig.seen() == ["POST /a", "3 bytes", "1 bytes", "end"])
        try rig.answer()
        #expect(try rig.answers() == ["200"])
    }

    // MARK: - Refusals

    @Test(
        "what is not HTTP/1, or could be read in two ways, reaches nobody",
        arguments: [
            ("GET /a HTTP/1.1\r\n\r\n", 400), ("GET /a HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n", 400),
            ("GET /a\r\n\r\n", 505), ("GET /a HTTP/2.0\r\n\r\n", 505),
            ("garbage\r\n\r\n", 400), ("\u{16}\u{3}\u{1}", 400), ("get /a HTTP/1.1\r\nHost: h\r\n\r\n", 400),
            ("TRACE /a HTTP/1.1\r\nHost: h\r\n\r\n", 501), ("GET /a HTTP/1.1\r\nHost : h\r\n\r\n", 400),
            ("GET /a HTTP/1.1\r\nHost: h\r\n folded\r\n\r\n", 400), ("GET /a HTTP/1.1\r\nHost: h\u{0}\r\n\r\n", 400),
            ("GET /a HTTP/1.1\r\nHost: h\r\n: x\r\n\r\n", 400),
            ("GET /a HTTP/1.1\r\nHost: h\r\nA\u{0}: x\r\n\r\n", 400),
            ("GET /a HTTP/1.1\nHost: h\n\n", 505),
            ("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400),
            ("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
            ("POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400),
            ("POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", 400),
            ("POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
        ])
    func refused(request: String, status: Int) throws {
        let rig = try Rig()
        try rig.send(request)
        #expect(try rig.seen().isEmpty)
        let answers = try rig.answers()
        #expect(answers == ["\(status) close"])
        #expect(rig.isOutputClosed)
        try rig.send(get)
        #expect(try rig.seen().isEmpty)
    }

    @Test("headers that are too many or too large are refused with 431")
    func largeHeaders() throws {
        for headers in ["X: \(String(repeating: "a", count: 100_000))\r\n", String(repeating: "X: a\r\n", count: 300)] {
            let rig = try Rig()
            try rig.send("GET /a HTTP/1.1\r\nHost: h\r\n\(headers)\r\n")
            #expect(try rig.seen().isEmpty)
            #expect(try rig.answers() == ["431 close"])
        }
    }

    @Test(
        "what follows a request for another protocol is counted and thrown away, not kept",
        arguments: [
            ("GET /a HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n", "200 close"),
            (
                "POST /a HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: x\r\nContent-Length: 1\r\n\r\na",
                "200 close"
            ),
            ("CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n", "501 close"),
        ])
    func otherProtocol(request: String, answer: String) throws {
        var lingering = HTTP1Handler.Lingering()
        lingering.bytes = 3 << 14
        let rig = try Rig(lingering: lingering)
        try rig.send(request)
        // One piece more than the parser may keep.
        let piece = String(repeating: "x", count: 1 << 14)
        for _ in 0...(HTTP1Codec.largestRest / piece.utf8.count) { try rig.send(piece) }
        try rig.answer()
        #expect(try rig.answers() == [answer])
        #expect(rig.isOpen && rig.isOutputClosed)
        for _ in 0..<3 { try rig.send(piece) }
        #expect(rig.isOpen)
        try rig.send(piece)
        #expect(!rig.isOpen)
    }

    @Test("white space behind a value is no part of it")
    func trailingSpace() throws {
        let rig = try Rig()
        try rig.send("POST /a HTTP/1.1\r\nHost: h \t\r\nContent-Length: 3 \r\nExpect: 100-continue\t\r\n\r\nabc")
        #expect(try rig.seen() == ["POST /a", "3 bytes", "end"])
    }

    @Test("a refusal comes after the answers to what came before")
    func refusalInOrder() throws {
        let rig = try Rig()
        try rig.send(get + get + "garbage\r\n\r\n")
        #expect(try rig.seen() == ["GET /a", "end", "GET /a", "end"])
        try rig.answer()
        #expect(try rig.answers() == ["200"])
        try rig.answer()
        #expect(try rig.answers() == ["200", "400 close"])
    }

    @Test(
        "a body that breaks off in its middle is its reader's to refuse, and the connection ends",
        arguments: ["-1\r\n", "xyz\r\n", "ffffffffffffffffff\r\n", "3\r\nabcd\r\n", "1\nx\n"])
    func brokenChunks(chunks: String) throws {
        let rig = try Rig()
        #expect(throws: HTTPParserError.self) {
            try rig.send("POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)
        }
        #expect(try rig.seen().first == "POST /a")
        try rig.answer(status: 400)
        // Hummingbird's loop may answer the same mistake once more.
        try rig.answer(status: 400)
        #expect(try rig.answers() == ["400 close"])
        #expect(rig.isOutputClosed)
    }

    // MARK: - Bodies nobody reads

    private func post(_ length: Int, _ headers: String = "") -> String {
        "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: \(length)\r\n\(headers)\r\n"
    }

    @Test("100 Continue is sent when somebody reads the body, once")
    func expectContinue() throws {
        let rig = try Rig()
        try rig.send(post(3, "Expect: 100-continue\r\n"))
        #expect(try rig.sent() == "")
        for _ in 0..<2 { rig.channel.triggerUserOutboundEvent(HTTP1Handler.Event.bodyWanted, promise: nil) }
        #expect(try rig.answers() == ["100"])
        try rig.send("abc")
        #expect(try rig.seen() == ["POST /a", "3 bytes", "end"])
        try rig.answer()
        #expect(try rig.answers() == ["200"])
        #expect(rig.isOpen)
    }

    @Test("who gets an answer instead of 100 Continue may send the body or not: the connection ends")
    func answerBeforeContinue() throws {
        let rig = try Rig()
        try rig.send(post(3, "Expect: 100-continue\r\n"))
        try rig.answer(status: 413)
        rig.channel.triggerUserOutboundEvent(HTTP1Handler.Event.bodyWanted, promise: nil)
        #expect(try rig.answers() == ["413 close"])
        #expect(rig.isOutputClosed)
    }

    @Test("the rest of a small body is thrown away, and the connection serves on")
    func smallRest() throws {
        let rig = try Rig()
        try rig.send(post(6) + "abc")
        try rig.answer(status: 404)
        #expect(try rig.answers() == ["404"])
        try rig.send("def" + get)
        #expect(try rig.seen() == ["POST /a", "3 bytes", "3 bytes", "end", "GET /a", "end"])
    }

    @Test("when the rest of an answered body breaks off, the connection ends at once")
    func brokenRest() throws {
        let rig = try Rig()
        try rig.send(post(6) + "abc")
        try rig.answer(status: 404)
        #expect(try rig.answers() == ["404"])
        #expect(rig.isOpen)
        rig.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        #expect(!rig.isOpen)
    }

    @Test("after an early answer a large body is read on for a while, so that the client sees the answer")
    func largeRest() throws {
        var lingering = HTTP1Handler.Lingering()
        lingering.bytes = 10
        let rig = try Rig(lingering: lingering)
        try rig.send(post(1 << 30) + "abc")
        #expect(try rig.seen() == ["POST /a", "3 bytes"])
        try rig.answer(status: 413)
        #expect(try rig.answers() == ["413 close"])
        #expect(rig.isOpen && rig.isOutputClosed)
        try rig.send("0123456789")
        #expect(try rig.seen().isEmpty)
        #expect(rig.isOpen)
        try rig.send("x")
        #expect(!rig.isOpen)
    }

    @Test("a client that goes on sending is not listened to for ever")
    func lingeringEnds() throws {
        let rig = try Rig()
        try rig.send(post(1 << 30))
        try rig.answer(status: 413)
        rig.channel.embeddedEventLoop.advanceTime(by: .seconds(9))
        #expect(rig.isOpen)
        rig.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(!rig.isOpen)
    }

    @Test("a client that has seen the answer and closes is let go at once")
    func lingeringClient() throws {
        let rig = try Rig()
        try rig.send(post(1 << 30))
        try rig.answer(status: 413)
        rig.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        #expect(!rig.isOpen)
    }

    // MARK: - Ends

    @Test("while the server drains, the answer to the newest request closes")
    func draining() throws {
        let rig = try Rig()
        try rig.send(get + get)
        rig.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        try rig.answer()
        #expect(try rig.answers() == ["200"])
        try rig.answer()
        #expect(try rig.answers() == ["200 close"])
        #expect(!rig.isOpen)
    }

    @Test("a drain does not cut off an answer whose client still sends")
    func drainingWithRest() throws {
        let rig = try Rig()
        try rig.send(post(1 << 30) + "abc")
        rig.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        try rig.answer(status: 413)
        // As Hummingbird does with the last answer of a connection that is to end.
        rig.channel.close(promise: nil)
        #expect(try rig.answers() == ["413 close"])
        #expect(rig.isOpen && rig.isOutputClosed)
        rig.channel.embeddedEventLoop.advanceTime(by: .seconds(10))
        #expect(!rig.isOpen)
    }

    @Test("clients that are to go elsewhere are told with their next answer")
    func elsewhere() throws {
        let rig = try Rig(isDraining: { true })
        try rig.send(get)
        try rig.answer()
        #expect(try rig.answers() == ["200 close"])
        #expect(!rig.isOpen)
    }

    @Test("a drain that begins in the middle of an answer closes after it")
    func drainingLate() throws {
        let rig = try Rig()
        try rig.send(get)
        try rig.channel.writeOutbound(
            HTTPResponsePart.head(HTTPResponse(status: .ok, headerFields: [.contentLength: "0"])))
        rig.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        try rig.channel.writeOutbound(HTTPResponsePart.end(nil))
        #expect(try rig.answers() == ["200"])
        #expect(!rig.isOpen)
    }

    @Test("a peer that is too slow is told so, if nothing of an answer has been sent")
    func giveUp() throws {
        let refusal = HTTP1Refusal(status: 408, "slow")
        let slow = try Rig()
        try slow.send(post(100) + "a")
        slow.channel.triggerUserOutboundEvent(HTTP1Handler.Event.giveUp(refusal), promise: nil)
        #expect(try slow.answers() == ["408 close"])
        try slow.answer()
        #expect(try slow.sent() == "")
        let pipelined = try Rig()
        try pipelined.send(get + post(100) + "a")
        pipelined.channel.triggerUserOutboundEvent(HTTP1Handler.Event.giveUp(refusal), promise: nil)
        #expect(try pipelined.sent() == "")
        #expect(!pipelined.isOpen)
    }
}
