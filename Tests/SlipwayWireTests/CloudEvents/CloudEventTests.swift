// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayTestKit
import SlipwayWire
import Testing

@Suite("CloudEvents")
struct CloudEventTests {
    private func event(_ json: String) throws -> CloudEvent {
        try Array(json.utf8).withUnsafeBytes { try CloudEvent(structured: $0) }
    }

    private static let head = #"{"specversion":"1.0","id":"1","source":"s","type":"t","other":{"a":[1]},"#

    @Test(
        "in structured mode hold their data as JSON, as text or as base64",
        arguments: [
            (#""data":{"instances": [[1]]}}"#, #"{"instances": [[1]]}"#), (#""data":"a\nb"}"#, #""a\nb""#),
            (#""datacontenttype":"text/csv","data":"1,2\n"}"#, "1,2\n"),
            (#""data_base64":"eyJhIjoxfQ=="}"#, #"{"a":1}"#),
        ])
    func data(rest: String, data: String) throws {
        #expect(text(try event(Self.head + rest).data) == data)
    }

    @Test(
        "that are none are refused",
        arguments: [
            "{}", "[]", #"{"specversion":"1.0","id":"1","source":"s","data":1}"#, head + #""data":1,"data_base64":""}"#,
            head + #""data_base64":"?"}"#, head + #""x":1}"#, head + #""data":1,"id":"2"}"#,
            #"{"specversion":"2.0","id":"1","source":"s","type":"t","data":1}"#,
        ])
    func bad(json: String) {
        #expect(refusal { _ = try event(json) } != nil)
    }

    @Test("need four attributes in binary mode", arguments: ["specversion", "id", "source", "type"])
    func binary(missing: String) throws {
        var attributes = ["specversion": "1.0", "id": "1", "source": "s", "type": "t"]
        #expect(try CloudEvent(dataContentType: nil) { attributes[$0] }.id == "1")
        attributes[missing] = nil
        #expect(throws: WireError.self) { try CloudEvent(dataContentType: nil) { attributes[$0] } }
    }

    @Test("carry a reply as KServe's SDK names it")
    func reply() throws {
        let reply = CloudEventReply(id: "7", model: "m", time: Timestamp(milliseconds: 0))
        #expect(
            reply.headers.map { "\($0.name): \($0.value)" } == [
                "ce-specversion: 1.0", "ce-id: 7", "ce-source: io.kserve.inference.m",
                "ce-type: io.kserve.inference.response", "ce-time: 1970-01-01T00:00:00.000Z",
            ])
        let json = text(reply.structured(contentType: "application/json", body: Array(#"{"predictions":[1]}"#.utf8)))
        #expect(json.contains(#""data":{"predictions":[1]}"#))
        let bytes = text(reply.structured(contentType: "application/octet-stream", body: [0, 255]))
        #expect(bytes.contains(#""data_base64":"AP8=""#))
        #expect(try event(bytes).data == [0, 255])
    }

    @Test("are read or refused whatever their bytes are")
    func mutated() throws {
        let seeds = [#""data":[1,2]}"#, #""data_base64":"eyJhIjoxfQ=="}"#].map { Array((Self.head + $0).utf8) }
        try mutate(seeds: seeds, iterations: 20_000, seed: 3) { body in
            _ = try body.withUnsafeBytes { try CloudEvent(structured: $0) }
        }
    }
}
