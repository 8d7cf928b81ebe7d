// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// A value in a log record or a span.
package indirect enum LogValue: Sendable, Hashable {
    case text(String)
    case integer(Int64)
    case list([LogValue])
    case map([String: LogValue])
}

/// One line of the log before it is written.
package struct LogRecord: Sendable, Hashable {
    package enum Level: String, Sendable, Hashable, CaseIterable {
        case trace, debug, info, notice, warning, error, critical
    }

    package var at: Timestamp
    package var level: Level
    /// What part of the program it is from.
    package var logger: String
    package var message: String
    /// `request` and `trace` have places of their own in ECS and OTLP.
    package var metadata: [String: LogValue]
    /// What went wrong, where an error is told.
    package var error: String?

    package init(
        at: Timestamp, level: Level, logger: String, message: String, metadata: [String: LogValue] = [:],
        error: String? = nil
    ) {
        self.at = at
        self.level = level
        self.logger = logger
        self.message = message
        self.metadata = metadata
        self.error = error
    }
}
