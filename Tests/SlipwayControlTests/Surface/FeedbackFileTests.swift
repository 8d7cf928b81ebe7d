// SPDX-License-Identifier: Apache-2.0

import SlipwayControl
import SlipwayFormats
import SlipwayWire
import Testing

@Suite("Files of feedback")
struct FeedbackFileTests {
    private func items(_ text: String, as name: String = "labels.csv") throws -> [FeedbackItemDTO] {
        var file = try FeedbackFile(path: name, MemorySource(Array(text.utf8)))
        var all: [FeedbackItemDTO] = []
        while true {
            // Two at a time, so that files of these tests take several.
            let some = try file.next(2)
            guard !some.isEmpty else { return all }
            all += some
        }
    }

    @Test(
        "labels are numbers where they are plain decimal ones, else names of classes",
        arguments: [
            ("3", 3), ("-0.50", -0.5), ("1e-05", 0.00001), ("0", 0), ("007", nil), ("0x10", nil), ("nan", nil),
            ("1.2.3", nil), ("--1", nil), ("+1", nil), ("-", nil), ("1e999", nil),
        ] as [(String, Double?)])
    func labels(text: String, number: Double?) {
        #expect(LabelDTO(text: text) == (number.map { .number($0) } ?? .text(text)))
    }

    @Test("a table has a request in each line, a label, and business numbers")
    func csv() throws {
        let items = try items("request_id,label,revenue\na,yes,\nb,1.5,2\nc,,-3\n")
        #expect(
            items == [
                FeedbackItemDTO(requestID: "a", label: .text("yes")),
                FeedbackItemDTO(requestID: "b", label: .number(1.5), kpis: ["revenue": 2]),
                FeedbackItemDTO(requestID: "c", kpis: ["revenue": -3]),
            ])
    }

    @Test(
        "a line that is wrong is told with its number, and the others are read",
        arguments: [
            (",yes,", "request_id"), ("b,yes,many", "revenue"), ("b,yes,nan", "revenue"), ("b,,", "no label"),
            ("b", "3 fields"), ("b,1,2,3", "3 fields"),
        ])
    func badLines(line: String, word: String) throws {
        let items = try items("request_id,label,revenue\na,yes,\n\(line)\nc,no,\n")
        try #require(items.count == 3)
        #expect(items[1].problem?.contains(word) == true && items[1].problem?.contains("line 3") == true)
        #expect(items[0].problem == nil && items[2] == FeedbackItemDTO(requestID: "c", label: .text("no")))
    }

    @Test("JSON lines are items of the feedback route")
    func jsonLines() throws {
        let items = try items(
            #"{"requestID":"a","label":["x",1]}"# + "\nnonsense\n" + #"{"requestID":"c","kpis":{"k":1}}"# + "\n",
            as: "labels.jsonl")
        try #require(items.count == 3)
        #expect(items[0] == FeedbackItemDTO(requestID: "a", label: .list([.text("x"), .number(1)])))
        #expect(items[1].problem?.contains("line 2") == true)
        #expect(items[2] == FeedbackItemDTO(requestID: "c", kpis: ["k": 1]))
    }

    @Test(
        "of other kinds, and without the columns, are refused",
        arguments: [
            ("labels.npz", "request_id,label\n"), ("labels.csv", ""), ("labels.csv", "name,label\n"),
            ("labels.csv", "request_id\n"),
        ])
    func refused(name: String, text: String) {
        #expect(throws: ControlError.self) { try items(text, as: name) }
    }
}
