// SPDX-License-Identifier: Apache-2.0

import COpenVINO
import SlipwayEngine
import Synchronization

/// Takes the library's log lines, which would go to standard output otherwise.
///
/// The library knows one function without a context for the whole process: where several engines are opened, the
/// last one's closure gets the lines of all.
enum OpenVINOLog {
    private static let sink = Mutex<(@Sendable (EngineLogLine) -> Void)?>(nil)

    static func connect(_ library: OpenVINOLibrary, _ log: @escaping @Sendable (EngineLogLine) -> Void) {
        sink.withLock { $0 = log }
        library.calls.pointee.ov_util_set_log_callback(forward)
    }

    private static let forward: slipway_ov_log = { message in
        guard let message, let log = sink.withLock({ $0 }) else { return }
        let text = OpenVINOFailure.clean(String(cString: message))
        guard !text.isEmpty else { return }
        log(EngineLogLine(level: level(of: text), engine: OpenVINOEngine.engineName, message: text))
    }

    /// The library writes a line's level into its text.
    private static func level(of text: String) -> EngineLogLine.Level {
        if text.contains("[ERR") || text.contains("ERROR") { return .error }
        return text.contains("[WARN") || text.contains("WARNING") ? .warning : .info
    }
}
