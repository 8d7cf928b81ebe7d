// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOEmbedded
import NIOHTTP2
import SlipwayServer
import Testing

@Suite("The end of HTTP/2 connections")
struct HTTP2FarewellTests {
    private func ping(_ content: UInt64, ack: Bool) -> HTTP2Frame {
        HTTP2Frame(streamID: .rootStream, payload: .ping(HTTP2PingData(withInteger: content), ack: ack))
    }

    private func connection() throws -> EmbeddedChannel {
        let channel = EmbeddedChannel(handler: HTTP2Farewell(patience: .seconds(30)))
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        return channel
    }

    @Test(
        "a peer that does not answer a PING, or answers another one, is closed in time",
        arguments: [nil, 8] as [UInt64?])
    func unanswered(answer: UInt64?) throws {
        let channel = try connection()
        try channel.writeOutbound(ping(7, ack: false))
        if let answer { try channel.writeInbound(ping(answer, ack: true)) }
        channel.embeddedEventLoop.advanceTime(by: .seconds(29))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(!channel.isActive)
    }

    @Test("a second PING gives no more time")
    func secondPing() throws {
        let channel = try connection()
        try channel.writeOutbound(ping(7, ack: false))
        channel.embeddedEventLoop.advanceTime(by: .seconds(29))
        try channel.writeOutbound(ping(8, ack: false))
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(!channel.isActive)
    }

    @Test("a peer that answers is left to the connection's manager")
    func answered() throws {
        let channel = try connection()
        try channel.writeOutbound(ping(7, ack: false))
        try channel.writeInbound(ping(7, ack: true))
        channel.embeddedEventLoop.advanceTime(by: .seconds(60))
        #expect(channel.isActive)
        #expect(try channel.readInbound(as: HTTP2Frame.self) != nil)
    }

    @Test("the peer's own PING and its answer begin nothing")
    func peersPing() throws {
        let channel = try connection()
        try channel.writeInbound(ping(7, ack: false))
        try channel.writeOutbound(ping(7, ack: true))
        channel.embeddedEventLoop.advanceTime(by: .seconds(60))
        #expect(channel.isActive)
    }
}
