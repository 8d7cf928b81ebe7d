// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SlipwayWire
import Testing

@Suite("Bodies of feedback")
struct FeedbackContractTests {
    private func items(_ text: String) throws -> [FeedbackItemDTO] {
        try JSONDecoder().decode(FeedbackRequest.self, from: Data(text.utf8)).items
    }

    @Test(
        "are one item, a list, or a list under items",
        arguments: [
            #"{"requestID":"r","label":1}"#, #"[{"requestID":"r","label":1}]"#,
            #"{"items":[{"requestID":"r","label":1}]}"#,
        ])
    func forms(text: String) throws {
        #expect(try items(text) == [FeedbackItemDTO(requestID: "r", label: .number(1))])
    }

    @Test(
        "have labels that are text, numbers, truth values or lists of them",
        arguments: [
            (#""a""#, .text("a")), ("-0.5", .number(-0.5)), ("true", .flag(true)),
            (#"[1,"a",false]"#, .list([.number(1), .text("a"), .flag(false)])),
        ] as [(String, LabelDTO)])
    func labels(text: String, label: LabelDTO) throws {
        #expect(try items(#"{"requestID":"r","label":"# + text + "}").first?.label == label)
    }

    @Test(
        "tell what is wrong with an item and keep the others",
        arguments: [
            (#"{"requestID":7,"label":1}"#, "'requestID'"), (#"{"label":1}"#, "'requestID'"),
            (#"{"requestID":"","label":1}"#, "'requestID'"), (#"{"requestID":"r"}"#, "neither"),
            (#"{"requestID":"r","label":{"a":1}}"#, "'label'"), (#"{"requestID":"r","label":[[1]]}"#, "'label'"),
            (#"{"requestID":"r","kpis":{"a":"x"}}"#, "'kpis'"), (#"{"requestID":"r","label":1,"at":"soon"}"#, "'at'"),
            ("7", "object"), ("null", "object"), ("[]", "object"),
        ])
    func badItems(item: String, word: String) throws {
        let items = try items(#"{"items":["# + item + #",{"requestID":"good","label":1}]}"#)
        try #require(items.count == 2)
        #expect(items[0].problem?.contains(word) == true, "\(items[0].problem ?? "no problem")")
        #expect(items[1] == FeedbackItemDTO(requestID: "good", label: .number(1)))
    }

    @Test("with too many items are refused whole")
    func tooMany() {
        let many = String(repeating: #"{"requestID":"r","label":1},"#, count: FeedbackRequest.maximumItems)
        #expect(throws: DecodingError.self) { try items("[" + many + #"{"requestID":"r","label":1}]"#) }
    }

    @Test("replies count their items by outcome")
    func counts() {
        let reply = FeedbackReplyDTO(
            results: [.joined, .joined, .late].map { FeedbackResultDTO(requestID: "r", outcome: $0) })
        #expect(reply.counts == ["joined": 2, "late": 1])
    }
}
