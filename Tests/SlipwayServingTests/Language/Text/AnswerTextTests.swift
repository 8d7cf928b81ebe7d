// SPDX-License-Identifier: Apache-2.0

import SlipwayServing
import Testing

@Suite("Answers become text that may be sent")
struct AnswerTextTests {
    /// What is sent for these pieces, one text for each and one for the end.
    private func pieces(_ tokens: [[UInt8]], stops: [String] = []) -> (sent: [String], isStopped: Bool) {
        var answer = AnswerText(stops: stops)
        var sent = tokens.map { answer.append($0) }
        sent.append(answer.finish())
        return (sent, answer.isStopped)
    }

    @Test("characters are sent whole, wherever the bytes are cut", arguments: ["", "a", "aé€😀z", "日本語 ok", "👩‍👩‍👧"])
    func cuts(text: String) {
        let bytes = Array(text.utf8)
        for cut in 0...bytes.count {
            let (sent, _) = pieces([Array(bytes[..<cut]), Array(bytes[cut...])])
            #expect(sent.joined() == text)
            #expect(!sent.joined().unicodeScalars.contains("\u{FFFD}"))
        }
        let (single, _) = pieces(bytes.map { [$0] })
        #expect(single.joined() == text)
        // Nothing waits longer than it must: a character is sent with its last byte.
        #expect(single.last == "")
    }

    @Test(
        "bytes that are not UTF-8 are replaced as if decoded at once",
        arguments: [
            [0xFF], [0x80, 0x41], [0xC3], [0xC3, 0x41], [0xE2, 0x82], [0xE2, 0x82, 0x41], [0xF0, 0x9F, 0x98],
            [0xF0, 0x9F, 0xC3, 0xA9], [0xED, 0xA0, 0x80], [0xC0, 0xAF], [0xF4, 0x90, 0x80, 0x80], [0xE0, 0x80, 0x41],
            [0xF5, 0x80], [0xE2, 0xE2, 0x82, 0xAC],
        ] as [[UInt8]])
    func invalid(bytes: [UInt8]) {
        let expected = String(decoding: bytes, as: UTF8.self)
        for cut in 0...bytes.count {
            let (sent, _) = pieces([Array(bytes[..<cut]), Array(bytes[cut...])])
            #expect(sent.joined() == expected)
        }
    }

    @Test("random bytes in random pieces are the text they would be at once", arguments: 1...50 as ClosedRange<UInt64>)
    func randomBytes(seed: UInt64) {
        var random = Generator(state: seed)
        // Bytes that begin, go on with and break characters.
        let alphabet: [UInt8] = [0x41, 0x80, 0x9F, 0xA0, 0xBF, 0xC3, 0xE0, 0xE2, 0xED, 0xF0, 0xF4, 0xFF]
        let bytes = (0..<200).map { _ in alphabet.randomElement(using: &random) ?? 0 }
        #expect(pieces(cut(bytes, &random)).sent.joined() == String(decoding: bytes, as: UTF8.self))
    }

    @Test(
        "a stop text is found wherever it is cut",
        arguments: [
            ("Hello<end>more", ["<end>"], "Hello", true), ("aab", ["ab"], "a", true), ("<end>", ["<end>"], "", true),
            ("aaab", ["aab"], "a", true), ("one\ntwo", ["\n\n", "two"], "one\n", true), ("abc", ["x"], "abc", false),
            ("<en", ["<end>"], "<en", false), ("xab", ["b", "ab"], "x", true), ("abcd", ["abcd", "bc"], "a", true),
            ("日本語。", ["語"], "日本", true), ("ababac", ["abac"], "ab", true), ("text", ["", "z"], "text", false),
            ("a", ["a", "a"], "", true),
        ])
    func stops(text: String, stops: [String], expected: String, isStopped: Bool) {
        let bytes = Array(text.utf8)
        for cut in 0...bytes.count {
            let result = pieces([Array(bytes[..<cut]), Array(bytes[cut...])], stops: stops)
            #expect(result.sent.joined() == expected)
            #expect(result.isStopped == isStopped)
        }
        let single = pieces(bytes.map { [$0] }, stops: stops)
        #expect(single.sent.joined() == expected && single.isStopped == isStopped)
    }

    @Test("no more is held back than may begin a stop text")
    func holding() {
        func sent(_ tokens: String...) -> [String] { pieces(tokens.map { Array($0.utf8) }, stops: ["<end>"]).sent }
        #expect(sent("a<", "e", "x<end", "> b") == ["a", "", "<ex", "", ""])
        #expect(sent("a<", "e", "x<en", "der") == ["a", "", "<ex", "<ender", ""])
        #expect(sent("a<", "<end") == ["a", "<", "<end"])
    }

    @Test("nothing is sent after a stop")
    func afterStop() {
        var answer = AnswerText(stops: ["x"])
        #expect(answer.append(Array("axb".utf8)) == "a")
        #expect(answer.isStopped)
        #expect(answer.append(Array("c".utf8)) == "" && answer.finish() == "")
    }

    @Test("random texts are cut where a search would", arguments: 1...200 as ClosedRange<UInt64>)
    func randomStops(seed: UInt64) {
        var random = Generator(state: seed)
        func word(_ length: Int) -> [UInt8] { (0..<length).map { _ in UInt8.random(in: 97...98, using: &random) } }
        let stops = (0..<Int.random(in: 1...4, using: &random)).map { _ in word(.random(in: 1...7, using: &random)) }
        let bytes = word(60)
        // The first end of any stop text, and the longest that ends there.
        var expected = bytes[...]
        search: for end in 1...bytes.count {
            let found = stops.filter { bytes[..<end].suffix($0.count).elementsEqual($0) }.map(\.count).max()
            if let found {
                expected = bytes[..<(end - found)]
                break search
            }
        }
        let result = pieces(cut(bytes, &random), stops: stops.map { String(decoding: $0, as: UTF8.self) })
        #expect(result.sent.joined() == String(decoding: expected, as: UTF8.self))
        #expect(result.isStopped == (expected.count < bytes.count))
    }

    /// Pieces of up to four bytes, some empty.
    private func cut(_ bytes: [UInt8], _ random: inout Generator) -> [[UInt8]] {
        var tokens: [[UInt8]] = []
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + Int.random(in: 0...4, using: &random))
            tokens.append(Array(bytes[start..<end]))
            start = end
        }
        return tokens
    }
}

/// The same numbers in every run (D. H. Lehmer's generator, 128-bit state).
private struct Generator: RandomNumberGenerator {
    private var state: UInt128

    init(state: UInt64) { self.state = UInt128(state) << 1 | 1 }

    mutating func next() -> UInt64 {
        state &*= 0xDA94_2042_E4DD_58B5
        return UInt64(truncatingIfNeeded: state >> 64)
    }
}
