// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SlipwayDeploy
import Testing

@Suite struct DocumentTextTests {
    @Test("YAML is in block style, with quotes where a word could be misread")
    func yaml() {
        let node = DocumentNode.object(
            ("name", "slipway"), ("on", "yes"), ("version", "1.0"), ("empty", ""), ("none", []), ("missing", nil),
            ("expr", "up{job=\"a\"} == 0"), ("path", "/metrics"), ("glob", "rules/*.yml"), ("count", 3), ("is", true),
            ("list", [.object(("a", 1), ("b", ["x", "y"])), "z"]))
        #expect(
            node.yaml(comment: "Made.") == """
                # Made.
                name: slipway
                "on": "yes"
                version: "1.0"
                empty: ""
                none: []
                expr: "up{job=\\"a\\"} == 0"
                path: /metrics
                glob: "rules/*.yml"
                count: 3
                is: true
                list:
                  - a: 1
                    b:
                      - x
                      - "y"
                  - z

                """)
    }

    @Test("JSON is read back as it was meant", arguments: ["a\"b", "a\\b", "a\nb\t\u{1}", "größe \u{2028}", "😀"])
    func json(text: String) throws {
        let node = DocumentNode.object(("text", .text(text)), ("number", .number(0.5)), ("list", [1, 2]))
        struct Read: Decodable {
            let text: String
            let number: Double
            let list: [Int]
        }
        let read = try JSONDecoder().decode(Read.self, from: Data(node.json().utf8))
        #expect(read.text == text)
        #expect(read.number == 0.5)
        #expect(read.list == [1, 2])
    }
}
