// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import NIOCore
import SlipwayCore
import Synchronization

/// A reply's body that comes to be while it is sent.
struct StreamedBody: Sendable {
    typealias Send = @Sendable ([UInt8]) async throws -> Void

    /// Proxies give up on connections that are silent; many after 30 s.
    static let patience: Duration = .seconds(15)

    /// Sent where the body is silent for ``patience``.
    let keepAlive: [UInt8]?
    let write: @Sendable (_ send: @escaping Send) async throws -> Void

    /// The body for Hummingbird.
    ///
    /// - Parameters:
    ///   - cancellation: Set when the client goes away while the body is sent.
    ///   - watch: Knows when it does.
    func body(for channel: any Channel, _ watch: ConnectionWatch, _ cancellation: CancellationFlag) -> ResponseBody {
        ResponseBody { writer in
            let outlet = Outlet(writer)
            try await watch.withFlag(for: channel) { flag, _ in
                let registration = flag.add { cancellation.cancel() }
                defer { if let registration { flag.remove(registration) } }
                try await withKeepAlive(outlet) {
                    try await write { try await outlet.send($0) }
                }
            }
            try await outlet.finish()
        }
    }

    private func withKeepAlive(_ outlet: Outlet, _ body: () async throws -> Void) async throws {
        guard let keepAlive else { return try await body() }
        let pings = Task {
            while !Task.isCancelled {
                try await Task.sleep(for: Self.patience)
                try await outlet.sendIfSilent(keepAlive, since: .now - Self.patience)
            }
        }
        defer { pings.cancel() }
        try await body()
    }

    /// The one way out, for the body and its signs of life; each piece is whole whoever writes it.
    private struct Outlet: @unchecked Sendable {
        // Unchecked: Hummingbird's writer is a reference to the channel's, which any task may use; its protocol does
        // not say so.
        private let writer: any ResponseBodyWriter
        private let lastSent = SendTime()

        init(_ writer: any ResponseBodyWriter) { self.writer = writer }

        func send(_ bytes: [UInt8]) async throws {
            guard !bytes.isEmpty else { return }
            lastSent.time.withLock { $0 = .now }
            var writer = writer
            try await writer.write(ByteBuffer(bytes: bytes))
        }

        func sendIfSilent(_ bytes: [UInt8], since: ContinuousClock.Instant) async throws {
            guard lastSent.time.withLock({ $0 <= since }) else { return }
            try await send(bytes)
        }

        func finish() async throws { try await writer.finish(nil) }
    }

    private final class SendTime: Sendable {
        let time = Mutex(ContinuousClock.now)
    }
}
