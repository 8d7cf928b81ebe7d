// SPDX-License-Identifier: Apache-2.0

import GRPCCore
import NIOCore
import NIOHTTP2
import NIOPosix
import SlipwayCore
import Synchronization

/// The transport under grpc-swift-2: one port, HTTP/2 by NIO's codec, direct methods answered on the way.
final class GRPCTransport: ServerTransport {
    typealias Bytes = GRPCBytes

    private struct State {
        var listener: (any Channel)?
        var connections: [ObjectIdentifier: NIOLoopBound<GRPCConnection>] = [:]
        var isStopping = false
    }

    private let address: ListenAddress
    private let direct: [GRPCDirectMethod]
    private let messageLimit: Int
    private let maximumConnections: Int
    private let onListening: @Sendable (Int) async -> Void
    private let state = Mutex(State())

    /// - Parameters:
    ///   - direct: Methods answered without grpc-swift-2.
    ///   - maximumConnections: Held at once; others are closed as they come.
    ///   - messageLimit: Of one message, before and after decompression, in bytes.
    ///   - onListening: Called once with the port.
    init(
        address: ListenAddress, direct: [GRPCDirectMethod], messageLimit: Int, maximumConnections: Int,
        onListening: @escaping @Sendable (Int) async -> Void
    ) {
        self.address = address
        self.direct = direct
        self.messageLimit = messageLimit
        self.maximumConnections = maximumConnections
        self.onListening = onListening
    }

    func listen(
        streamHandler: @escaping @concurrent @Sendable (RPCStream<Inbound, Outbound>, ServerContext) async -> Void
    ) async throws {
        let (accepted, continuation) = AsyncStream.makeStream(of: GRPCRoutedCall.self)
        let setup = GRPCConnectionSetup(direct: direct, messageLimit: messageLimit) { continuation.yield($0) }
        let listener = try await bind(setup)
        let local = "\(address)"
        await onListening(listener.localAddress?.port ?? address.port)
        await withTaskCancellationHandler {
            await withDiscardingTaskGroup { group in
                group.addTask {
                    try? await listener.closeFuture.get()
                    await self.connectionsClosed()
                    continuation.finish()
                }
                for await call in accepted {
                    group.addTask { await Self.run(call, local: local, streamHandler) }
                }
            }
        } onCancel: {
            closeAll()
        }
    }

    private static func run(
        _ call: GRPCRoutedCall, local: String,
        _ handler: @concurrent @Sendable (RPCStream<Inbound, Outbound>, ServerContext) async -> Void
    ) async {
        await withServerContextRPCCancellationHandle { handle in
            let registration = call.cancellation.add { handle.cancel() }
            let stream = RPCStream(
                descriptor: call.descriptor, inbound: call.inbound,
                outbound: RPCWriter.Closable(wrapping: call.outbound))
            await handler(
                stream,
                ServerContext(
                    descriptor: call.descriptor, remotePeer: call.peer, localPeer: local, cancellation: handle))
            if let registration { call.cancellation.remove(registration) }
        }
    }

    private func bind(_ setup: GRPCConnectionSetup) async throws -> any Channel {
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 4096)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.recvAllocator, value: Self.receiveBuffer)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try self.configure(channel, setup) }
            }
            .bind(host: address.host, port: address.port).get()
        let isStopping = state.withLock { state in
            state.listener = listener
            return state.isStopping
        }
        if isStopping { listener.close(promise: nil) }
        return listener
    }

    /// Large messages are read in large pieces.
    private static let receiveBuffer = AdaptiveRecvByteBufferAllocator(minimum: 2048, initial: 8192, maximum: 1 << 20)

    private func configure(_ channel: any Channel, _ setup: GRPCConnectionSetup) throws {
        guard state.withLock({ $0.connections.count }) < maximumConnections else {
            channel.close(promise: nil)
            return
        }
        let (connectionSettings, streamSettings) = GRPCConnectionSetup.http2
        let connection = GRPCConnection(setup)
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(
            NIOHTTP2Handler(
                mode: .server, connectionConfiguration: connectionSettings, streamConfiguration: streamSettings))
        try pipeline.addHandler(connection)
        let key = ObjectIdentifier(channel)
        let bound = NIOLoopBound(connection, eventLoop: channel.eventLoop)
        let isStopping = state.withLock { state in
            state.connections[key] = bound
            return state.isStopping
        }
        channel.closeFuture.whenComplete { _ in
            self.state.withLock { _ = $0.connections.removeValue(forKey: key) }
        }
        if isStopping { connection.quiesce() }
    }

    // MARK: - Stopping

    func beginGracefulShutdown() {
        let (listener, connections) = state.withLock { state in
            state.isStopping = true
            return (state.listener, Array(state.connections.values))
        }
        listener?.close(promise: nil)
        for connection in connections {
            connection.eventLoop.execute { connection.value.quiesce() }
        }
    }

    private func closeAll() {
        beginGracefulShutdown()
        for connection in state.withLock({ Array($0.connections.values) }) {
            connection.eventLoop.execute { connection.value.close() }
        }
    }

    /// Waits until the last connection is closed.
    private func connectionsClosed() async {
        while !state.withLock({ $0.connections.isEmpty }) {
            try? await Task.sleep(for: .milliseconds(5))
            if Task.isCancelled { return }
        }
    }
}
