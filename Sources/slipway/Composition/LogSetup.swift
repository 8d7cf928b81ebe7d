// SPDX-License-Identifier: Apache-2.0

import Logging
import Synchronization

/// The server's log: lines on standard error, with a threshold that can change while it runs.
enum LogSetup {
    private static let threshold = Mutex(Logger.Level.info)

    static func set(_ level: Logger.Level) { threshold.withLock { $0 = level } }

    static func bootstrap(_ level: Logger.Level) {
        set(level)
        LoggingSystem.bootstrap { label in ThresholdLogHandler(StreamLogHandler.standardError(label: label)) }
    }

    fileprivate static var current: Logger.Level { threshold.withLock { $0 } }
}

/// Asks for the threshold at every line, so that a change reaches loggers that were made before.
private struct ThresholdLogHandler: LogHandler {
    private var inner: StreamLogHandler

    init(_ inner: StreamLogHandler) {
        self.inner = inner
        self.inner.logLevel = .trace
    }

    var logLevel: Logger.Level {
        get { LogSetup.current }
        // One threshold for the whole process: a logger's own would outlive a change of it.
        set { _ = newValue }
    }

    var metadata: Logger.Metadata {
        get { inner.metadata }
        set { inner.metadata = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { inner[metadataKey: key] }
        set { inner[metadataKey: key] = newValue }
    }

    func log(event: LogEvent) { inner.log(event: event) }
}
