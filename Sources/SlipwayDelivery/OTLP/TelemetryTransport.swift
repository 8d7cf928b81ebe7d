// SPDX-License-Identifier: Apache-2.0

/// How telemetry reaches a collector. Called by one push at a time.
package protocol TelemetryTransport: Sendable {
    /// Sends a body to a path of the collector and returns the reply's status, within `deadline`; throws when there
    /// is no reply.
    func post(path: String, contentType: String, body: [UInt8], deadline: Duration) async throws -> Int
}

/// Where work of some milliseconds runs: not on the cooperative pool, whose threads read sockets.
package protocol BackgroundRunner: Sendable {
    func run<T: Sendable>(_ work: @escaping @Sendable () -> T) async throws -> T
}
