// SPDX-License-Identifier: Apache-2.0

import SlipwayWire
import Testing

@Suite("Media types")
struct MediaTypeTests {
    @Test(
        "are read with their parameters",
        arguments: [
            ("application/json", "application/json", [:]),
            (" Text/CSV ; Charset=utf-8 ", "text/csv", ["charset": "utf-8"]),
            ("a/b;x=\"1;2\\\"3\";y=4", "a/b", ["x": "1;2\"3", "y": "4"]),
            ("a/b;x=1;x=2;novalue", "a/b", ["x": "1"]),
            (
                "application/vnd.sagemaker-triton.binary+json;json-header-size=90",
                "application/vnd.sagemaker-triton.binary+json", ["json-header-size": "90"]
            ),
            ("*/*", "*/*", [:]),
        ] as [(String, String, [String: String])])
    func reads(text: String, essence: String, parameters: [String: String]) {
        let type = MediaType(text)
        #expect(type?.essence == essence)
        #expect(type?.parameters == parameters)
    }

    @Test("are no other text", arguments: ["", "json", "a/", "/b", "a/b/c", "a b/c", "\"a\"/b", ";a/b"])
    func refuses(text: String) {
        #expect(MediaType(text) == nil)
    }

    @Test("of Accept come by weight, then in order, without those refused")
    func accepted() {
        let types = MediaType.accepted("text/csv;q=0.5, application/json, a/b;q=0, text/plain;q=0.5, junk, c/d;q=x")
        #expect(types.map(\.essence) == ["application/json", "text/csv", "text/plain"])
    }
}
