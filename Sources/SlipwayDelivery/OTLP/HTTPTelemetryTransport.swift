// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix

/// Sends telemetry with HTTP.
package struct HTTPTelemetryTransport: TelemetryTransport {
    /// Of a reply, which says little.
    private static let maximumReply = 64 << 10

    /// Lives as long as the process. A connection that is refused is an error at once: the push has its own patience.
    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.redirectConfiguration = .disallow
        return HTTPClient(eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: configuration)
    }()

    private let url: String
    private let headers: [(String, String)]

    /// - Parameters:
    ///   - url: Of the collector, `http://localhost:4318`; `/v1/metrics` and the others are put behind it.
    ///   - headers: Sent with each call: what the collector asks for to let us in.
    package init(url: String, headers: [(String, String)] = []) {
        var url = Substring(url)
        while url.hasSuffix("/") { url = url.dropLast() }
        self.url = String(url)
        self.headers = headers
    }

    package func post(path: String, contentType: String, body: [UInt8], deadline: Duration) async throws -> Int {
        var request = HTTPClientRequest(url: url + path)
        request.method = .POST
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        request.headers.replaceOrAdd(name: "content-type", value: contentType)
        request.body = .bytes(ByteBuffer(bytes: body))
        let (seconds, attoseconds) = deadline.components
        let timeout = TimeAmount.seconds(seconds) + .nanoseconds(attoseconds / 1_000_000_000)
        // The client's own time ends with the head of the reply.
        return try await Deadline.run(deadline, named: "the collector") { [request] in
            let reply = try await Self.client.execute(request, timeout: timeout)
            // Read to its end, so that the connection can be used again.
            _ = try? await reply.body.collect(upTo: Self.maximumReply)
            return Int(reply.status.code)
        }
    }
}

/// Runs work on the threads that are there for blocking calls.
package struct ThreadPoolRunner: BackgroundRunner {
    package init() {}

    package func run<T: Sendable>(_ work: @escaping @Sendable () -> T) async throws -> T {
        try await NIOThreadPool.singleton.runIfActive { work() }
    }
}
