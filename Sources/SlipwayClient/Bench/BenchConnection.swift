// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// One keep-alive connection of a load test: sends the prebuilt request, tells its runner how it ended.
///
/// Lives on the runner's event loop, as everything of a run does.
final class BenchConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let runner: BenchRunner
    private let request: ByteBuffer
    private var context: ChannelHandlerContext?
    private var scanner = ReplyScanner()
    /// Set while a request is under way: the instant its latency counts from, and when it was sent.
    private(set) var current: (start: UInt64, sent: UInt64)?

    init(runner: BenchRunner, request: ByteBuffer) {
        self.runner = runner
        self.request = request
    }

    /// - Parameters:
    ///   - start: The instant that the latency counts from.
    ///   - now: The runner's clock.
    func send(start: UInt64, now: UInt64) {
        current = (start, now)
        context?.writeAndFlush(wrapOutboundOut(request), promise: nil)
    }

    func close() { context?.close(promise: nil) }

    func channelActive(context: ChannelHandlerContext) {
        self.context = context
        runner.connectionOpened(self)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = unwrapInboundIn(data)
        while buffer.readableBytes > 0 {
            do {
                let (reply, consumed) = try buffer.withUnsafeReadableBytes { try scanner.read($0) }
                buffer.moveReaderIndex(forwardBy: consumed)
                if let reply { end(reply) }
            } catch {
                end(.malformed)
                context.close(promise: nil)
                return
            }
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if let reply = scanner.readEnd() { end(reply) }
        if current != nil { end(.disconnected) }
        self.context = nil
        runner.connectionClosed(self)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // What was under way is counted in channelInactive.
        context.close(promise: nil)
    }

    /// Counts a request that took too long and gives the connection up.
    func timeOut() {
        end(.timedOut)
        close()
    }

    private func end(_ reply: ReplyScanner.Reply) {
        end(.answered(status: reply.status, bytes: reply.byteCount), isReusable: reply.isPersistent)
        if !reply.isPersistent { close() }
    }

    private func end(_ outcome: BenchOutcome, isReusable: Bool = false) {
        guard let start = current?.start else { return }
        current = nil
        runner.requestEnded(self, outcome, start: start, isReusable: isReusable)
    }
}
