// SPDX-License-Identifier: Apache-2.0

package import SlipwayMonitoring
import Synchronization

/// Pushes metrics by UDP to a StatsD daemon or a Datadog agent.
package struct StatsDPush: Sendable {
    package struct Settings: Sendable {
        package var host: String
        package var port: Int
        package var dialect: StatsDEncoder.Dialect
        package var interval: Duration = .seconds(10)

        package init(host: String, port: Int = 8125, dialect: StatsDEncoder.Dialect = .statsd) {
            self.host = host
            self.port = port
            self.dialect = dialect
        }
    }

    private let settings: Settings
    private let metrics: MetricsRegistry
    private let runner: any BackgroundRunner
    private let count: @Sendable (_ exporter: String, _ isSent: Bool) -> Void

    /// - Parameter count: Told of each push: `statsd`, and whether all of it was sent.
    package init(
        _ settings: Settings, metrics: MetricsRegistry, runner: any BackgroundRunner,
        count: @escaping @Sendable (_ exporter: String, _ isSent: Bool) -> Void
    ) {
        self.settings = settings
        self.metrics = metrics
        self.runner = runner
        self.count = count
    }

    /// Pushes until the task is cancelled. The host is looked up again every minute, and after a push that failed.
    package func run() async {
        let line = Line(settings)
        while !Task.isCancelled {
            try? await Task.sleep(for: settings.interval)
            guard !Task.isCancelled else { return }
            let isSent = try? await runner.run { [metrics] in line.push(metrics.families()) }
            count("statsd", isSent ?? false)
        }
    }

    /// The socket, and what was told last.
    private final class Line: Sendable {
        private struct State {
            var encoder: StatsDEncoder
            var socket: DatagramSocket?
            var openedAt = ContinuousClock.now
        }

        /// After this the name is looked up again: the daemon may have moved, and UDP tells nobody.
        private static let lookUpPause: Duration = .seconds(60)

        private let settings: Settings
        private let state: Mutex<State>

        init(_ settings: Settings) {
            self.settings = settings
            state = Mutex(State(encoder: StatsDEncoder(settings.dialect)))
        }

        func push(_ families: [MetricFamily]) -> Bool {
            state.withLock { state in
                let now = ContinuousClock.now
                if now - state.openedAt >= Self.lookUpPause { state.socket = nil }
                if state.socket == nil {
                    state.socket = try? DatagramSocket(host: settings.host, port: settings.port)
                    state.openedAt = now
                }
                guard let socket = state.socket else { return false }
                let isSent = state.encoder.datagrams(families).reduce(true) { socket.send($1) && $0 }
                if !isSent { state.socket = nil }
                return isSent
            }
        }
    }
}
