// SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging
import SlipwayCore
import SlipwayMonitoring
import Synchronization

/// The server's log: lines on standard error, with a threshold that can change while it runs.
enum LogSetup {
    private struct State {
        var threshold = Logger.Level.info
        var format = LogFormat.text
        var queue: BoundedQueue<LogRecord>?
    }

    private static let state = Mutex(State())
    /// Lines are written one after the other, each whole.
    private static let output = Mutex(())

    static func set(_ level: Logger.Level) { state.withLock { $0.threshold = level } }

    /// Also keeps records for a collector; they are dropped and counted when it does not keep up.
    static func forward(to queue: BoundedQueue<LogRecord>) { state.withLock { $0.queue = queue } }

    static func bootstrap(_ level: Logger.Level, format: LogFormat = .text) {
        state.withLock { state in
            state.threshold = level
            state.format = format
        }
        LoggingSystem.bootstrap { label in LineLogHandler(label: label) }
    }

    fileprivate static var current: Logger.Level { state.withLock(\.threshold) }

    fileprivate static func write(_ record: LogRecord) {
        let (format, queue) = state.withLock { ($0.format, $0.queue) }
        var line = LogEncoder.line(record, format)
        output.withLock { _ in
            line.withUTF8 { bytes in
                var rest = UnsafeRawBufferPointer(bytes)[...]
                while !rest.isEmpty {
                    let part = UnsafeRawBufferPointer(rebasing: rest)
                    let written = Glibc.write(STDERR_FILENO, part.baseAddress, part.count)
                    if written < 0, errno == EINTR { continue }
                    // Whoever reads the log is gone: serving goes on without.
                    guard written > 0 else { return }
                    rest = rest.dropFirst(written)
                }
            }
        }
        queue?.offer(record.bounded)
    }
}

/// Asks for the threshold at every line, so that a change reaches loggers that were made before.
private struct LineLogHandler: LogHandler {
    let label: String
    var metadata: Logger.Metadata = [:]

    init(label: String) { self.label = label }

    var logLevel: Logger.Level {
        get { LogSetup.current }
        // One threshold for the whole process: a logger's own would outlive a change of it.
        set { _ = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var values = metadata
        if let more = event.metadata { values.merge(more) { _, new in new } }
        LogSetup.write(
            LogRecord(
                at: MetricsRegistry.wallClock(), level: LogRecord.Level(event.level), logger: label,
                message: event.message.description, metadata: values.mapValues { LogValue($0) },
                error: event.error.map { "\($0)" }))
    }
}

extension LogRecord.Level {
    fileprivate init(_ level: Logger.Level) {
        self =
            switch level {
            case .trace: .trace
            case .debug: .debug
            case .info: .info
            case .notice: .notice
            case .warning: .warning
            case .error: .error
            case .critical: .critical
            }
    }
}

extension LogValue {
    fileprivate init(_ value: Logger.MetadataValue) {
        self =
            switch value {
            case .string(let text): .text(text)
            case .array(let values): .list(values.map { LogValue($0) })
            case .dictionary(let values): .map(values.mapValues { LogValue($0) })
            case .stringConvertible(let value): .text(value.description)
            }
    }
}
