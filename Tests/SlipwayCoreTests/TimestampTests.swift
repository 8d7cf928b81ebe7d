// SPDX-License-Identifier: Apache-2.0

import Foundation
import SlipwayCore
import Testing

@Suite("Timestamp")
struct TimestampTests {
    @Test(
        "writes known instants and reads them again",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (951_868_799_999, "2000-02-29T23:59:59.999Z"), (951_868_800_000, "2000-03-01T00:00:00.000Z"),
            (1_000_000_000_001, "2001-09-09T01:46:40.001Z"), (1_709_164_800_000, "2024-02-29T00:00:00.000Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"), (4_107_456_000_000, "2100-02-28T00:00:00.000Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        ] as [(Int64, String)])
    func known(milliseconds: Int64, text: String) {
        #expect(Timestamp(milliseconds: milliseconds).description == text)
        #expect(Timestamp(iso8601: text)?.milliseconds == milliseconds)
    }

    @Test("every day for 430 years comes back, at odd times of day")
    func everyDay() {
        // 157,070 days reach into 2400, a leap year, past 2100, 2200 and 2300, which are none.
        for day in Int64(0)..<157_070 {
            let instant = Timestamp(milliseconds: day * 86_400_000 + (day * 7_919_317) % 86_400_000)
            let back = Timestamp(iso8601: instant.description)
            if back != instant { Issue.record("\(instant) came back as \(String(describing: back))") }
        }
    }

    @Test("every millisecond of a minute comes back")
    func everyMillisecond() {
        for millisecond in Int64(0)..<60_000 {
            let instant = Timestamp(milliseconds: 1_700_000_000_000 / 60_000 * 60_000 + millisecond)
            if Timestamp(iso8601: instant.description) != instant { Issue.record("\(instant) did not come back") }
        }
    }

    @Test(
        "agrees with Foundation", arguments: [1, 86_399, 1_234_567_890, 1_582_934_400, 4_102_444_800, 32_503_680_000])
    func foundation(seconds: Int64) {
        let formatter = ISO8601DateFormatter()
        let text = formatter.string(from: Date(timeIntervalSince1970: Double(seconds)))
        #expect(Timestamp(iso8601: text)?.milliseconds == seconds * 1000)
        #expect(Timestamp(milliseconds: seconds * 1000).description == text.replacing("Z", with: ".000Z"))
    }

    @Test(
        "reads a date alone and any fraction",
        arguments: [
            ("2026-11-21", 1_795_219_200_000), ("2026-11-21T00:00:01Z", 1_795_219_201_000),
            ("2026-11-21T00:00:01.5Z", 1_795_219_201_500), ("2026-11-21T00:00:01.25Z", 1_795_219_201_250),
            ("2026-11-21T00:00:59.9999999999Z", 1_795_219_259_999),
        ] as [(String, Int64)])
    func shorter(text: String, milliseconds: Int64) {
        #expect(Timestamp(iso8601: text)?.milliseconds == milliseconds)
    }

    @Test(
        "refuses anything else",
        arguments: [
            "", "T", "2026", "2026-11", "2026-11-21T", "2026-11-21Z", "2026-11-21T12:00Z", "2026-11-21T12:00:00",
            "2026-11-21T12:00:00+01:00", "2026-02-29", "2025-02-29T00:00:00Z", "2026-04-31", "2026-02-30", "2100-02-29",
            "2026-00-10", "2026-13-01", "2026-01-00", "2026-01-32", "2026-11-21T24:00:00Z", "2026-11-21T12:60:00Z",
            "2026-11-21T12:00:60Z", "2026-+1-05", "2026-1-5", "26-01-05", "12026-01-05", "1969-12-31", "-2026-01-01",
            "2026-11-21T12:00:1e1Z", "2026-11-21T12:00:0x1Z", "2026-11-21T12:00:nanZ", "2026-11-21T12:00:00.Z",
            "2026-11-21T12:00:00.-1Z", "2026-11-21T1:00:00Z", "2026-11-21t12:00:00Z", "2026-11-21T12:00:00ZT",
            "٢٠٢٦-11-21",
            "2026-11-21T12:00:00Z ", "2026--1-21",
        ])
    func refused(text: String) {
        #expect(Timestamp(iso8601: text) == nil)
    }

    @Test("writes every value there is", arguments: [Int64.min, -1, -86_400_000, -86_400_001, Int64.max])
    func extremes(milliseconds: Int64) {
        #expect(Timestamp(milliseconds: milliseconds).description.hasSuffix("Z"))
    }

    @Test("instants before 1970 count back from midnight")
    func negative() {
        #expect(Timestamp(milliseconds: -1).description == "1969-12-31T23:59:59.999Z")
        #expect(Timestamp(milliseconds: -86_400_000).description == "1969-12-31T00:00:00.000Z")
    }

    @Test("is a string in JSON and ordered by time")
    func coding() throws {
        let instant = Timestamp(milliseconds: 1_795_219_200_250)
        let json = try JSONEncoder().encode([instant])
        #expect(String(decoding: json, as: UTF8.self) == #"["2026-11-21T00:00:00.250Z"]"#)
        #expect(try JSONDecoder().decode([Timestamp].self, from: json) == [instant])
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([Timestamp].self, from: Data(#"["yesterday"]"#.utf8))
        }
        #expect(Timestamp(milliseconds: 1) < Timestamp(milliseconds: 2))
    }
}
