// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
import Synchronization

/// Triton's log settings, mapped to one threshold for the server's log.
package final class LogSettings: Sendable {
    /// What is written, most important first.
    package enum Threshold: Int, Sendable, Comparable {
        case none, error, warning, info, verbose

        package static func < (left: Threshold, right: Threshold) -> Bool { left.rawValue < right.rawValue }
    }

    private struct State {
        var error = true
        var warning = true
        var info = true
        var verboseLevel: Int64 = 0
        var format = "default"

        var threshold: Threshold {
            if verboseLevel > 0 { return .verbose }
            if info { return .info }
            if warning { return .warning }
            return error ? .error : .none
        }
    }

    private let state = Mutex(State())
    private let apply: @Sendable (Threshold) -> Void

    /// - Parameter apply: Called after each change with the new threshold.
    package init(apply: @escaping @Sendable (Threshold) -> Void) { self.apply = apply }

    package func settings() -> [(name: String, value: ParameterValue)] {
        state.withLock { state in
            [
                ("log_file", .string("")), ("log_info", .bool(state.info)), ("log_warning", .bool(state.warning)),
                ("log_error", .bool(state.error)), ("log_verbose_level", .int(state.verboseLevel)),
                ("log_format", .string(state.format)),
            ]
        }
    }

    /// - Throws: ``ServerError`` `badParameter` for unknown names and impossible values; nothing changes then.
    package func update(_ changes: [String: ParameterValue]) throws(ServerError) {
        var changed = state.withLock { $0 }
        for (name, value) in changes {
            switch (name, value) {
            case ("log_info", .bool(let flag)): changed.info = flag
            case ("log_warning", .bool(let flag)): changed.warning = flag
            case ("log_error", .bool(let flag)): changed.error = flag
            case ("log_verbose_level", .int(let level)) where level >= 0: changed.verboseLevel = level
            case ("log_format", .string(let format)) where ["default", "ISO8601"].contains(format):
                changed.format = format
            case ("log_file", .string("")): break
            case ("log_file", _):
                throw ServerError(
                    .badParameter, "log_file cannot be changed while the server runs: redirect its output")
            default:
                throw ServerError(.badParameter, "unknown log setting or impossible value: '\(name)'")
            }
        }
        state.withLock { $0 = changed }
        apply(changed.threshold)
    }
}
