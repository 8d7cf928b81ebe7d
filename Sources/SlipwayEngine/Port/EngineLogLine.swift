// SPDX-License-Identifier: Apache-2.0

/// One line that an engine's library wanted to log.
///
/// Engines know no logging library: the composition root passes a closure that takes these.
/// The closure is called on whatever thread the library logs from and must not block.
public struct EngineLogLine: Sendable, Hashable {
    public enum Level: Int, Sendable, Hashable, Comparable {
        case trace, info, warning, error, critical

        public static func < (one: Level, other: Level) -> Bool { one.rawValue < other.rawValue }
    }

    public let level: Level
    /// The engine's name: `onnxruntime`.
    public let engine: String
    public let message: String
    /// The place in the library's own source, where it tells.
    public let source: String?

    public init(level: Level, engine: String, message: String, source: String? = nil) {
        self.level = level
        self.engine = engine
        self.message = message
        self.source = source
    }
}
