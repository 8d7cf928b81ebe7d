// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayCore
import SlipwayWire
import Synchronization

/// Triton's trace settings, and the trace they ask for.
///
/// With `trace_level` TIMESTAMPS one of every `trace_rate` requests is written as a line of JSON to
/// `trace_file`, `trace_count` lines at the most (-1 for no end).
package final class TraceSettings: Sendable {
    package static let names = [
        "trace_file", "trace_level", "trace_rate", "trace_count", "log_frequency", "trace_mode",
    ]
    private static let defaults: [String: [String]] = [
        "trace_file": [""], "trace_level": ["OFF"], "trace_rate": ["1000"], "trace_count": ["-1"],
        "log_frequency": ["0"], "trace_mode": ["triton"],
    ]

    private struct State {
        var global = TraceSettings.defaults
        var models: [String: [String: [String]]] = [:]
        var seen: [String: UInt64] = [:]
        var written: [String: Int64] = [:]
        /// Whether any setting, global or of a model, asks for traces: all the hot path looks at.
        var isOn = false

        func value(_ name: String, of model: String?) -> [String] {
            model.flatMap { models[$0]?[name] } ?? global[name] ?? []
        }

        /// The file to write this request's line to; `nil` when it is not chosen.
        mutating func choose(_ model: String) -> String? {
            guard value("trace_level", of: model).contains("TIMESTAMPS"),
                let path = value("trace_file", of: model).first, !path.isEmpty
            else { return nil }
            let rate = value("trace_rate", of: model).first.flatMap { UInt64($0) } ?? 1000
            let count = value("trace_count", of: model).first.flatMap { Int64($0) } ?? -1
            seen[model, default: 0] &+= 1
            guard rate > 0, (seen[model] ?? 0) % rate == 0 else { return nil }
            guard count < 0 || written[model, default: 0] < count else { return nil }
            written[model, default: 0] += 1
            return path
        }
    }

    private let state = Mutex(State())
    /// Where traces go; callers cannot choose it, or they could write to any file of the server's.
    private let file: String?

    /// - Parameter file: The file that traces are appended to; `nil` for none, and then none can be asked for.
    package init(file: String? = nil) {
        self.file = file
        if let file { state.withLock { $0.global["trace_file"] = [file] } }
    }

    /// All settings in Triton's order: a model's own where it has them, else the global ones.
    package func settings(of model: String?) -> [(name: String, values: [String])] {
        state.withLock { state in Self.names.map { ($0, state.value($0, of: model)) } }
    }

    /// Changes settings; `nil` resets one to the global value, or to the default.
    ///
    /// - Throws: ``ServerError`` `badParameter` for unknown names and impossible values; nothing changes then.
    package func update(_ changes: [String: [String]?], of model: String?) throws(ServerError) {
        for (name, values) in changes { try check(name, values) }
        state.withLock { state in
            for (name, values) in changes {
                if let model {
                    state.models[model, default: [:]][name] = values
                } else {
                    state.global[name] = values ?? Self.defaults[name]
                }
            }
            state.written = [:]
            state.isOn = ([state.global] + state.models.values).contains {
                $0["trace_level"]?.contains("TIMESTAMPS") == true
            }
        }
    }

    private func check(_ name: String, _ values: [String]?) throws(ServerError) {
        guard Self.names.contains(name) else {
            throw ServerError(
                .badParameter, "unknown trace setting '\(name)', there are \(Self.names.joined(separator: ", "))")
        }
        guard name != "trace_file", name != "trace_mode" else {
            throw ServerError(
                .unsupported,
                "'\(name)' cannot be changed over the network: start the server with --trace-file")
        }
        guard let values else { return }
        if name == "trace_level" {
            guard values.allSatisfy({ ["OFF", "TIMESTAMPS"].contains($0) }) else {
                throw ServerError(.badParameter, "trace_level knows OFF and TIMESTAMPS")
            }
            guard file != nil || !values.contains("TIMESTAMPS") else {
                throw ServerError(.badParameter, "trace file name is not given: start the server with --trace-file")
            }
        } else if values.count != 1 {
            throw ServerError(.badParameter, "trace setting '\(name)' takes one value, got \(values.count)")
        } else if Int64(values[0]).map({ $0 >= (name == "trace_count" ? -1 : 0) }) != true {
            throw ServerError(.badParameter, "trace setting '\(name)' takes a whole number")
        }
    }

    /// Counts a request of `model` and tells the file its line goes to; `nil` when the settings do not ask for it.
    package func choose(_ model: String) -> String? {
        state.withLock { state in state.isOn ? state.choose(model) : nil }
    }

    /// Writes the request's line, if the settings ask for it.
    func record(_ requestID: String, receivedAt: ContinuousClock.Instant, _ response: InferenceResponse) {
        guard let path = choose(response.endpoint) else { return }
        var json = JSONWriter()
        json.object {
            $0.member("id", requestID)
            $0.member("model_name", response.endpoint)
            $0.member("model_version", String(response.version))
            $0.member("queue_ns", response.timings.queue.nanoseconds)
            $0.member("compute_input_ns", response.timings.computeInput.nanoseconds)
            $0.member("compute_infer_ns", response.timings.compute.nanoseconds)
            $0.member("compute_output_ns", response.timings.computeOutput.nanoseconds)
            $0.member("request_ns", (ContinuousClock.now - receivedAt).nanoseconds)
        }
        Self.append(json.bytes + [UInt8(ascii: "\n")], to: path)
    }

    /// One short write to a file opened for appending; a file that cannot be written loses the line, not the request.
    private static func append(_ line: [UInt8], to path: String) {
        let file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { return }
        _ = line.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
        close(file)
    }
}

extension Duration {
    var nanoseconds: Int64 { components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000 }
}
