// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayServer
import Synchronization
import Testing

@Suite("Trace settings")
struct TraceSettingsTests {
    private func values(_ settings: TraceSettings, _ model: String? = nil) -> [String: [String]] {
        settings.settings(of: model).reduce(into: [:]) { $0[$1.name] = $1.values }
    }

    @Test("begin off, in Triton's order")
    func defaults() {
        let settings = TraceSettings()
        #expect(settings.settings(of: nil).map(\.name) == TraceSettings.names)
        #expect(values(settings)["trace_level"] == ["OFF"])
        #expect(values(settings)["trace_rate"] == ["1000"])
        #expect(settings.choose("m") == nil)
    }

    @Test("a model's own settings stand before the global ones until they are reset")
    func models() throws {
        let settings = TraceSettings()
        try settings.update(["trace_rate": ["5"]], of: nil)
        try settings.update(["trace_rate": ["7"]], of: "m")
        #expect(values(settings, "m")["trace_rate"] == ["7"])
        #expect(values(settings, "other")["trace_rate"] == ["5"])
        try settings.update(["trace_rate": nil], of: "m")
        #expect(values(settings, "m")["trace_rate"] == ["5"])
        try settings.update(["trace_rate": nil], of: nil)
        #expect(values(settings, "m")["trace_rate"] == ["1000"])
    }

    @Test(
        "refuse unknown names and impossible values, and change nothing then",
        arguments: [
            ("nonsense", ["1"]), ("trace_level", ["LOUD"]), ("trace_rate", ["x"]), ("trace_rate", ["-1"]),
            ("trace_rate", ["1", "2"]), ("trace_rate", []), ("trace_count", ["-2"]), ("log_frequency", ["1.5"]),
            ("trace_rate", ["99999999999999999999"]),
        ])
    func refused(name: String, value: [String]) {
        let settings = TraceSettings(file: "/tmp/t")
        let before = values(settings)
        var changes: [String: [String]?] = ["trace_level": ["TIMESTAMPS"]]
        changes[name] = value
        let error = #expect(throws: ServerError.self) { try settings.update(changes, of: nil) }
        #expect(error?.code == .badParameter)
        #expect(values(settings) == before)
    }

    @Test("choose one request of every so many, and so many lines at the most, for each model")
    func choice() throws {
        let settings = TraceSettings(file: "/tmp/t")
        try settings.update(
            ["trace_level": ["TIMESTAMPS"], "trace_rate": ["3"], "trace_count": ["2"]], of: nil)
        let chosen = (1...12).filter { _ in settings.choose("m") != nil }
        #expect(chosen == [3, 6])
        #expect((1...3).filter { _ in settings.choose("other") != nil } == [3])
        // A change begins the count anew.
        try settings.update(["trace_count": ["-1"]], of: nil)
        #expect((1...30).count { _ in settings.choose("m") != nil } == 10)
    }

    @Test(
        "choose nothing at rate 0 or with the level off",
        arguments: [
            ["trace_rate": ["0"]], ["trace_level": ["OFF"]], ["trace_count": ["0"]],
        ] as [[String: [String]?]])
    func nothing(change: [String: [String]?]) throws {
        let settings = TraceSettings(file: "/tmp/t")
        try settings.update(["trace_level": ["TIMESTAMPS"], "trace_rate": ["1"]], of: nil)
        #expect(settings.choose("m") == "/tmp/t")
        try settings.update(change, of: nil)
        #expect(settings.choose("m") == nil)
    }
}

@Suite("The file of traces")
struct TraceFileTests {
    @Test("is not for callers to choose", arguments: ["trace_file", "trace_mode"])
    func fixed(name: String) {
        let settings = TraceSettings(file: "/tmp/t")
        let error = #expect(throws: ServerError.self) { try settings.update([name: ["/etc/passwd"]], of: nil) }
        #expect(error?.code == .unsupported)
    }

    @Test("must be there before traces can be asked for")
    func absent() {
        let error = #expect(throws: ServerError.self) {
            try TraceSettings().update(["trace_level": ["TIMESTAMPS"]], of: nil)
        }
        #expect(error?.code == .badParameter)
    }
}

@Suite("Log settings")
struct LogSettingsTests {
    private final class Thresholds: Sendable {
        private let state = Mutex<[LogSettings.Threshold]>([])
        var values: [LogSettings.Threshold] { state.withLock { $0 } }
        func add(_ threshold: LogSettings.Threshold) { state.withLock { $0.append(threshold) } }
    }

    @Test(
        "become one threshold",
        arguments: [
            (["log_verbose_level": .int(1)], .verbose), (["log_verbose_level": .int(0)], .info),
            (["log_info": .bool(false)], .warning), (["log_info": .bool(false), "log_warning": .bool(false)], .error),
            (
                ["log_info": .bool(false), "log_warning": .bool(false), "log_error": .bool(false)],
                LogSettings.Threshold.none
            ),
            (["log_format": .string("ISO8601")], .info), (["log_file": .string("")], .info), ([:], .info),
        ] as [([String: ParameterValue], LogSettings.Threshold)])
    func threshold(changes: [String: ParameterValue], threshold: LogSettings.Threshold) throws {
        let seen = Thresholds()
        let settings = LogSettings { seen.add($0) }
        try settings.update(changes)
        #expect(seen.values == [threshold])
        for (name, value) in changes {
            #expect(settings.settings().contains { $0.name == name && $0.value == value })
        }
    }

    @Test(
        "refuse unknown names and impossible values, and change nothing then",
        arguments: [
            ("nonsense", .bool(true)), ("log_info", .int(1)), ("log_verbose_level", .int(-1)),
            ("log_verbose_level", .bool(true)), ("log_format", .string("xml")), ("log_file", .string("/tmp/x")),
            ("log_file", .bool(false)),
        ] as [(String, ParameterValue)])
    func refused(name: String, value: ParameterValue) {
        let seen = Thresholds()
        let settings = LogSettings { seen.add($0) }
        let error = #expect(throws: ServerError.self) {
            try settings.update(["log_warning": .bool(false), name: value])
        }
        #expect(error?.code == .badParameter)
        #expect(seen.values == [])
        #expect(settings.settings().contains { $0.name == "log_warning" && $0.value == .bool(true) })
    }
}
