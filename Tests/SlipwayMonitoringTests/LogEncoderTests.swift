// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SlipwayCore
import SlipwayMonitoring
import Testing

@Suite struct LogEncoderTests {
    private func record(_ message: String, _ metadata: [String: LogValue] = [:], error: String? = nil) -> LogRecord {
        LogRecord(
            at: Timestamp(milliseconds: 1_700_000_000_250), level: .warning, logger: "slipway", message: message,
            metadata: metadata, error: error)
    }

    @Test("text is one readable line")
    func text() {
        let line = LogEncoder.line(
            record("listening", ["http": .text("127.0.0.1:8080"), "reason": .text("a \"b\""), "n": .integer(3)]), .text)
        #expect(
            line == "2023-11-14T22:13:20.250Z warning slipway: listening http=127.0.0.1:8080 n=3 "
                + "reason=\"a \\\"b\\\"\"\n")
    }

    @Test("JSON has request and trace ids of their own")
    func json() {
        let line = LogEncoder.line(
            record("failed", ["request": .text("r-1"), "trace": .text("ab"), "x": .list([.integer(1)])], error: "no"),
            .json)
        #expect(
            line == #"{"time":"2023-11-14T22:13:20.250Z","level":"warning","logger":"slipway","message":"failed","#
                + #""error":"no","request_id":"r-1","trace_id":"ab","metadata":{"x":[1]}}"# + "\n")
    }

    @Test("ECS has Elastic's names, and labels that are keywords")
    func ecs() {
        let line = LogEncoder.line(
            record("failed", ["request": .text("r-1"), "trace": .text("ab"), "n": .integer(1)]), .ecs)
        #expect(
            line == #"{"@timestamp":"2023-11-14T22:13:20.250Z","log.level":"warning","message":"failed","#
                + #""ecs.version":"8.11.0","log.logger":"slipway","service.name":"slipway","#
                + #""http.request.id":"r-1","trace.id":"ab","labels":{"n":"1"}}"# + "\n")
    }

    private static let attacks = [
        "a\n2023-01-01T00:00:00.000Z info slipway: forged", "a\r\nb", "a\u{1B}[2Jb", "a\u{2028}b", "a\u{85}b",
        "a\u{202E}b", "a\u{7F}b", "\u{0}", "\"} {\"message\":\"x", "a\\", "a b=c", "\u{FEFF}x", "\u{E0041}tag",
    ]

    @Test("whatever is logged, the result is one line of printable characters", arguments: LogFormat.allCases, attacks)
    func injection(format: LogFormat, attack: String) {
        let record = LogRecord(
            at: Timestamp(milliseconds: 0), level: .info, logger: attack, message: attack,
            metadata: [
                attack: .text(attack), "request": .text(attack),
                "list": .list([.text(attack), .map([attack: .text("")])]),
            ], error: attack)
        let line = LogEncoder.line(record, format)
        #expect(line.hasSuffix("\n"))
        for scalar in line.dropLast().unicodeScalars {
            let category = scalar.properties.generalCategory
            #expect(
                ![.control, .format, .lineSeparator, .paragraphSeparator].contains(category),
                "\(scalar.value) in \(line)")
        }
    }

    @Test("what was logged comes back from JSON", arguments: attacks)
    func lossless(text: String) throws {
        struct Line: Decodable {
            let message: String
            let metadata: [String: String]
        }
        let line = LogEncoder.line(record(text, [text: .text(text)]), .json)
        let decoded = try JSONDecoder().decode(Line.self, from: Data(line.utf8))
        #expect(Array(decoded.message.unicodeScalars) == Array(text.unicodeScalars))
        #expect(decoded.metadata.keys.map { Array($0.unicodeScalars) } == [Array(text.unicodeScalars)])
    }

    @Test("in text a value cannot pretend to be a field", arguments: ["a b=c", "a\" b=c", "", "x=y", "a]"])
    func fields(text: String) {
        let line = LogEncoder.line(record("m", ["k": .text(text)]), .text)
        let value = line.split(separator: "k=", maxSplits: 1).last.map(String.init) ?? ""
        #expect(value.hasPrefix("\""))
        #expect(value.hasSuffix("\"\n"))
    }

    @Test("long texts, many entries and deep values are cut", arguments: LogFormat.allCases)
    func bounded(format: LogFormat) {
        var deep = LogValue.text("core")
        for _ in 0..<50 { deep = .list([deep]) }
        var metadata: [String: LogValue] = ["deep": deep]
        for index in 0..<1000 { metadata["k\(index)"] = .integer(1) }
        let line = LogEncoder.line(record(String(repeating: "x", count: 1_000_000), metadata), format)
        // The message, and 64 entries of at most 20 bytes.
        #expect(line.utf8.count < LogEncoder.maximumText + 3000)
        #expect(!line.contains("core"))
    }
}
