// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayMonitoring
import Testing

@Suite("Log records that wait")
struct LogRecordBoundsTests {
    private func record(_ message: String, _ metadata: [String: LogValue] = [:], error: String? = nil) -> LogRecord {
        LogRecord(
            at: Timestamp(milliseconds: 0), level: .info, logger: "l", message: message, metadata: metadata,
            error: error)
    }

    @Test("usual records stay as they are")
    func usual() {
        let one = record("m", ["a": .text("x"), "b": .list([.integer(1), .map(["c": .text("y")])])], error: "e")
        #expect(one.bounded == one)
    }

    @Test("texts of any length are cut, in the metadata all of them together")
    func long() {
        let long = String(repeating: "ä", count: 100_000)
        let entries = (0..<100).map { (String($0) + long, LogValue.list([.text(long), .map([long: .text(long)])])) }
        let cut = record(long, Dictionary(uniqueKeysWithValues: entries), error: long).bounded
        #expect(cut.message.utf8.count <= LogEncoder.maximumText && cut.message.hasSuffix("ä..."))
        #expect((cut.error?.utf8.count ?? .max) <= LogEncoder.maximumText)
        let bytes = cut.metadata.reduce(0) { $0 + $1.key.utf8.count + Self.bytes($1.value) }
        #expect((1...16_384).contains(bytes))
    }

    @Test("values that are too deep are left out")
    func deep() {
        let value = (0..<1000).reduce(LogValue.text("x")) { inner, _ in .list([inner]) }
        #expect(record("m", ["a": value]).bounded.metadata["a"] == .list([.list([.list([.list([.text("...")])])])]))
    }

    private static func bytes(_ value: LogValue) -> Int {
        switch value {
        case .text(let text): text.utf8.count
        case .integer: 0
        case .list(let values): values.reduce(0) { $0 + bytes($1) }
        case .map(let values): values.reduce(0) { $0 + $1.key.utf8.count + bytes($1.value) }
        }
    }
}
