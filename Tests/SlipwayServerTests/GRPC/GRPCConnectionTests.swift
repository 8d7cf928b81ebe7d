// SPDX-License-Identifier: Apache-2.0

import GRPCCore
import NIOCore
import NIOEmbedded
import NIOHPACK
import NIOHTTP2
import SlipwayServer
import SlipwayWire
import Testing

@Suite("A gRPC connection opens, answers and closes calls")
struct GRPCConnectionTests {
    private static let headers: HPACKHeaders = [
        ":method": "POST", ":path": "/test.Echo/Echo", ":scheme": "http", "content-type": "application/grpc",
    ]

    private struct Peer {
        let channel: EmbeddedChannel

        /// Frames that the connection wrote since the last call, but its windows.
        func frames() throws -> [HTTP2Frame] {
            channel.embeddedEventLoop.run()
            var frames: [HTTP2Frame] = []
            while let frame = try channel.readOutbound(as: HTTP2Frame.self) {
                if case .windowUpdate = frame.payload { continue }
                frames.append(frame)
            }
            return frames
        }

        func send(_ payload: HTTP2Frame.FramePayload, on id: HTTP2StreamID = 1) throws {
            try channel.writeInbound(HTTP2Frame(streamID: id, payload: payload))
        }

        func sendHeaders(_ headers: HPACKHeaders, on id: HTTP2StreamID = 1, end: Bool = false) throws {
            try send(.headers(.init(headers: headers, endStream: end)), on: id)
        }

        func sendMessage(_ bytes: [UInt8], on id: HTTP2StreamID = 1, end: Bool = true) throws {
            var buffer = ByteBuffer()
            buffer.writeInteger(UInt8(0))
            buffer.writeInteger(UInt32(bytes.count))
            buffer.writeBytes(bytes)
            try send(.data(.init(data: .byteBuffer(buffer), endStream: end)), on: id)
        }
    }

    /// A connection with one direct method, which answers what it is sent.
    private func withPeer(limit: Int = 100, _ body: (Peer) throws -> Void) throws {
        let echo = GRPCDirectMethod("/test.Echo/Echo") { _, message in
            let bytes = message.withBytes { bytes, _ in Array(bytes) }
            if bytes == [13] { throw RPCError(code: .notFound, message: "13 is not there") }
            return GRPCReply(segments: [.bytes(bytes)])
        }
        // Single-threaded: the connection, its loop and the test share this thread.
        let setup = GRPCConnectionSetup(direct: [echo], messageLimit: limit) { _ in }
        let channel = EmbeddedChannel(handler: GRPCConnection(setup))
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        try body(Peer(channel: channel))
        _ = try? channel.finish(acceptAlreadyClosed: true)
    }

    private func status(_ frame: HTTP2Frame?) -> String? {
        guard case .headers(let headers)? = frame?.payload else { return nil }
        return headers.headers.first(name: "grpc-status")
    }

    @Test("a call is answered by headers, its message and a status")
    func echo() throws {
        try withPeer { peer in
            _ = try peer.frames()
            try peer.sendHeaders(Self.headers)
            try peer.sendMessage([1, 2, 3])
            let frames = try peer.frames()
            #expect(frames.count == 3)
            guard case .headers(let head) = frames[0].payload, case .data(let data) = frames[1].payload,
                case .byteBuffer(let buffer) = data.data
            else {
                Issue.record("unexpected frames")
                return
            }
            #expect(head.headers.first(name: ":status") == "200")
            #expect(head.headers.first(name: "x-request-id")?.isEmpty == false)
            #expect(Array(buffer.readableBytesView) == [0, 0, 0, 0, 3, 1, 2, 3])
            #expect(status(frames[2]) == "0")
        }
    }

    @Test("the caller's request id is its own")
    func requestID() throws {
        try withPeer { peer in
            _ = try peer.frames()
            var headers = Self.headers
            headers.add(name: "x-request-id", value: "mine-7")
            try peer.sendHeaders(headers)
            try peer.sendMessage([1])
            guard case .headers(let head)? = try peer.frames().first?.payload else {
                Issue.record("no headers")
                return
            }
            #expect(head.headers.first(name: "x-request-id") == "mine-7")
        }
    }

    @Test("an error is told by its status alone")
    func failure() throws {
        try withPeer { peer in
            _ = try peer.frames()
            try peer.sendHeaders(Self.headers)
            try peer.sendMessage([13])
            let frames = try peer.frames()
            #expect(frames.count == 1)
            #expect(status(frames[0]) == "5")
        }
    }

    @Test("a request without, with more than, or with half a message is refused", arguments: [0, 1, 2])
    func messages(kind: Int) throws {
        try withPeer { peer in
            _ = try peer.frames()
            try peer.sendHeaders(Self.headers, end: kind == 0)
            if kind == 1 {
                try peer.sendMessage([1], end: false)
                try peer.sendMessage([2])
            } else if kind == 2 {
                try peer.send(.data(.init(data: .byteBuffer(ByteBuffer(bytes: [0, 0, 0, 0, 9, 1])), endStream: true)))
            }
            #expect(status(try peer.frames().first) == "3")
        }
    }

    @Test("a message above the limit is refused when it is announced, and the rest of it is not wanted")
    func tooLarge() throws {
        try withPeer(limit: 10) { peer in
            _ = try peer.frames()
            try peer.sendHeaders(Self.headers)
            try peer.send(.data(.init(data: .byteBuffer(ByteBuffer(bytes: [0, 0x7F, 0xFF, 0xFF, 0xFF, 1])))))
            let frames = try peer.frames()
            #expect(status(frames.first) == "8")
            guard case .rstStream(.noError)? = frames.last?.payload else {
                Issue.record("the stream is not reset")
                return
            }
        }
    }

    @Test("what is not gRPC is answered as HTTP")
    func notGRPC() throws {
        try withPeer { peer in
            _ = try peer.frames()
            var headers = Self.headers
            headers.replaceOrAdd(name: "content-type", value: "text/html")
            try peer.sendHeaders(headers, end: true)
            guard case .headers(let head)? = try peer.frames().first?.payload else {
                Issue.record("no answer")
                return
            }
            #expect(head.headers.first(name: ":status") == "415")
        }
    }

    @Test("a cancelled call is not answered")
    func cancelled() throws {
        try withPeer { peer in
            _ = try peer.frames()
            try peer.sendHeaders(Self.headers)
            try peer.send(.rstStream(.cancel))
            try peer.sendMessage([1])
            #expect(try peer.frames().isEmpty)
        }
    }

    @Test("a peer that pings without end is sent away")
    func pings() throws {
        try withPeer { peer in
            _ = try peer.frames()
            for _ in 0..<200 where peer.channel.isActive {
                try peer.send(.ping(HTTP2PingData(withInteger: 1), ack: false), on: .rootStream)
                peer.channel.embeddedEventLoop.run()
            }
            #expect(!peer.channel.isActive)
            guard case .goAway(_, .enhanceYourCalm, _)? = try peer.frames().last?.payload else {
                Issue.record("no GOAWAY")
                return
            }
        }
    }

    @Test("a connection that is to close answers what it has, then says where it stopped and closes")
    func quiesces() throws {
        try withPeer { peer in
            _ = try peer.frames()
            try peer.sendHeaders(Self.headers)
            peer.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
            // The announcement goes past the codec, which is not here; the question after it does not.
            guard case .ping(let data, false)? = try peer.frames().last?.payload else {
                Issue.record("no announcement")
                return
            }
            try peer.send(.ping(data, ack: true), on: .rootStream)
            guard case .goAway(1, .noError, _)? = try peer.frames().last?.payload else {
                Issue.record("no last stream")
                return
            }
            #expect(peer.channel.isActive)
            try peer.sendMessage([5])
            #expect(status(try peer.frames().last) == "0")
            peer.channel.embeddedEventLoop.run()
            #expect(!peer.channel.isActive)
        }
    }
}
