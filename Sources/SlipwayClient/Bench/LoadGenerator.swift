// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import SlipwayCore

/// The engine of `slipway bench`: loads any HTTP server with one request and measures the answers.
///
/// All connections live on one event loop of their own with prebuilt bytes and a scanner that reads only where a
/// reply ends, so that on a shared machine most of the processor is left to the server.
package struct LoadGenerator: Sendable {
    private let server: ServerAddress
    private let request: BenchRequest
    private let plan: BenchPlan

    /// - Throws: ``ClientError`` `invalidRequest` for a plan without sense, or for `https`, which is not measured.
    package init(server: ServerAddress, request: BenchRequest, plan: BenchPlan) throws(ClientError) {
        guard !server.isSecure else { throw .invalidRequest("\(server): load is generated over plain http only") }
        try plan.check()
        self.server = server
        self.request = request
        self.plan = plan
    }

    /// Runs the plan; ends early with what was measured when the task is cancelled.
    ///
    /// - Throws: ``ClientError`` `unreachable` when not even a first connection can be made.
    package func run() async throws -> BenchReport {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        do {
            let recorder = try await run(on: group.next())
            try await group.shutdownGracefully()
            return BenchReport(url: "\(server)", plan: plan, request: request, recorder: recorder)
        } catch {
            try await group.shutdownGracefully()
            throw error
        }
    }

    private func run(on eventLoop: any EventLoop) async throws -> BenchRecorder {
        let address: SocketAddress
        do {
            let probe = try await ClientBootstrap(group: eventLoop).connect(host: server.host, port: server.port).get()
            guard let remote = probe.remoteAddress else { throw ChannelError.ioOnClosedChannel }
            address = remote
            try await probe.close()
        } catch {
            throw ClientError.unreachable("\(server)", cause: error)
        }
        let (plan, request) = (plan, request)
        let done = eventLoop.makePromise(of: BenchRecorder.self)
        let handle = try await eventLoop.submit {
            let runner = BenchRunner(
                eventLoop: eventLoop, address: address, plan: plan, request: request, done: done)
            runner.start()
            return NIOLoopBound(runner, eventLoop: eventLoop)
        }.get()
        return try await withTaskCancellationHandler {
            try await done.futureResult.get()
        } onCancel: {
            eventLoop.execute { handle.value.finish() }
        }
    }
}
