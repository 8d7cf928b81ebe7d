// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import Testing

@Suite("Model reference")
struct ModelReferenceTests {
    private static let digits = String(repeating: "0123456789abcdef", count: 4)

    @Test(
        "reads the grammar and writes it again",
        arguments: [
            ("fraud", "fraud", .newest), ("fraud:3", "fraud", .version(3)),
            ("fraud:9223372036854775807", "fraud", .version(.max)), ("fraud@champion", "fraud", .alias("champion")),
            ("a b@c d", "a b", .alias("c d")), ("räuber", "räuber", .newest), ("x_1.2-3", "x_1.2-3", .newest),
            ("m@sha256:0123ab", "m", .digest(prefix: "0123ab")), ("m@sha256", "m", .alias("sha256")),
            ("m@sha256:\(digits)", "m", .digest(prefix: digits)),
        ] as [(String, String, ModelReference.Selector)])
    func good(text: String, name: String, selector: ModelReference.Selector) throws {
        let reference = try ModelReference(parsing: text)
        #expect(reference == ModelReference(name: name, selector: selector))
        #expect(reference.description == text)
    }

    @Test(
        "refuses what is not in the grammar",
        arguments: [
            "", ":", "@", ":3", "@champion", "m:", "m:0", "m:-1", "m:+1", "m:01", "m: 1", "m:1 ", "m:x", "m:1:2",
            "m:1@a",
            "m:9223372036854775808", "m:٣", "m@", "m@a@b", "m@a:b", "m@.a", "m@sha256:", "m@sha256:01234",
            "m@sha256:0123AB", "m@sha256:01234g", "m@sha256:\(digits)0", "m@sha256:０１２３４５", "m@sha256:0123 4", "-m",
            ".m", " m", "m ", "a/b", "a\\b", "a\nb", "a\u{7F}", "a\0", "m:\u{301}1",
        ])
    func bad(text: String) {
        let error = #expect(throws: ReferenceError.self) { try ModelReference(parsing: text) }
        #expect(error?.category == .invalidInput)
    }

    @Test("names have 1 to 128 bytes, not characters")
    func nameLength() throws {
        try ModelReference.checkName(String(repeating: "x", count: 128))
        try ModelReference.checkName(String(repeating: "ä", count: 64))
        for name in ["", String(repeating: "x", count: 129), String(repeating: "ä", count: 65)] {
            let error = #expect(throws: ReferenceError.self) { try ModelReference.checkName(name) }
            #expect(error?.code == .badName)
        }
    }

    @Test("the message shows how to write it")
    func message() {
        let error = #expect(throws: ReferenceError.self) { try ModelReference(parsing: "m:x") }
        #expect(error?.code == .malformed)
        #expect(error?.message.contains("name@alias") == true)
    }
}
