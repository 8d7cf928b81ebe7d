// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// What a load test does.
package struct BenchPlan: Sendable, Hashable {
    package enum Load: Sendable, Hashable {
        /// So many requests always under way, each connection sending the next when it has the answer.
        case closed(concurrency: Int)
        /// Poisson arrivals at `rate` requests per second, whether or not earlier ones are answered.
        case open(rate: Double, seed: UInt64)
    }

    package var load: Load
    /// What is measured.
    package var duration: Duration
    /// Sent before, and not measured.
    package var warmUp: Duration
    /// After this a request counts as an error and its connection is closed.
    package var timeout: Duration
    /// The most connections an open loop uses.
    package var maximumConnections: Int

    package init(
        load: Load, duration: Duration = .seconds(10), warmUp: Duration = .seconds(1),
        timeout: Duration = .seconds(30), maximumConnections: Int = 1024
    ) {
        self.load = load
        self.duration = duration
        self.warmUp = warmUp
        self.timeout = timeout
        self.maximumConnections = maximumConnections
    }

    /// - Throws: ``ClientError`` `invalidRequest` for what makes no sense.
    func check() throws(ClientError) {
        switch load {
        case .closed(let concurrency):
            guard (1...65_536).contains(concurrency) else {
                throw .invalidRequest("concurrency is \(concurrency): expected 1 to 65536")
            }
        case .open(let rate, _):
            guard rate > 0, rate <= 1e7 else {
                throw .invalidRequest("rate is \(rate): expected more than 0, at most 10000000 per second")
            }
        }
        guard duration > .zero, warmUp >= .zero, timeout > .zero, maximumConnections > 0,
            duration + warmUp <= .seconds(7 * 86_400)
        else { throw .invalidRequest("duration and timeout must be positive and the run at most a week long") }
    }
}

/// A request as it goes over the wire, made once and sent again and again.
package struct BenchRequest: Sendable {
    package let bytes: [UInt8]
    /// Bytes of the body alone.
    package let bodyByteCount: Int

    /// A V2 inference request.
    ///
    /// - Parameter path: The model's path: `/v2/models/fraud`.
    package init(
        server: ServerAddress, path: String, body: V2RequestBody, token: String? = nil
    ) {
        var headers = [("content-type", body.contentType)]
        if let length = body.headerLength { headers.append((V2Headers.headerLength, String(length))) }
        self.init(server: server, path: path + "/infer", headers: headers, body: body.bytes, token: token)
    }

    /// A `POST` of any body.
    ///
    /// - Parameter path: Percent-encoded, from `/`.
    package init(
        server: ServerAddress, path: String, headers: [(String, String)], body: [UInt8], token: String? = nil
    ) {
        var head = "POST \(server.path)\(path) HTTP/1.1\r\nhost: \(server.authority)\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        if let token { head += "authorization: Bearer \(token)\r\n" }
        head += "content-length: \(body.count)\r\n\r\n"
        bytes = Array(head.utf8) + body
        bodyByteCount = body.count
    }
}
