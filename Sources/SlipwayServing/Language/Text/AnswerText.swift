// SPDX-License-Identifier: Apache-2.0

/// Turns the bytes of tokens into text that may be sent: whole characters, and nothing that may begin a stop text.
///
/// Bytes that are not UTF-8 become U+FFFD. Time is linear in the bytes, times the number of stop texts.
package struct AnswerText: Sendable {
    /// Whether a stop text was found; nothing comes after it.
    package private(set) var isStopped = false
    private var characters = CharacterAssembly()
    private var stops: [StopMatcher]
    /// Whole characters that may begin a stop text.
    private var held: [UInt8] = []

    /// - Parameter stops: The first to be whole ends the answer, the longest of those that are whole at once; it is
    ///   no part of the answer. Empty ones count for nothing.
    package init(stops: [String] = []) {
        self.stops = stops.filter { !$0.isEmpty }.map { StopMatcher($0) }
    }

    /// Takes the bytes of a token.
    ///
    /// - Returns: What may be sent; often nothing.
    package mutating func append(_ bytes: [UInt8]) -> String {
        guard !isStopped else { return "" }
        return pass(characters.append(bytes))
    }

    /// Takes the end of the answer, which is where its bytes end.
    ///
    /// - Returns: What was held back.
    package mutating func finish() -> String {
        guard !isStopped else { return "" }
        let text = pass(characters.finish())
        guard !isStopped else { return text }
        defer { held.removeAll() }
        return text + String(decoding: held, as: UTF8.self)
    }

    private mutating func pass(_ bytes: [UInt8]) -> String {
        guard !stops.isEmpty else { return String(decoding: bytes, as: UTF8.self) }
        var longest = 0
        for byte in bytes {
            held.append(byte)
            longest = 0
            var found = 0
            for index in stops.indices {
                if stops[index].take(byte) { found = max(found, stops[index].length) }
                longest = max(longest, stops[index].matched)
            }
            guard found == 0 else {
                isStopped = true
                held.removeLast(found)
                defer { held.removeAll() }
                return String(decoding: held, as: UTF8.self)
            }
        }
        guard !bytes.isEmpty else { return "" }
        let count = held.count - longest
        let text = String(decoding: held[..<count], as: UTF8.self)
        held.removeFirst(count)
        return text
    }
}

/// Finds one text in bytes that come one by one (Knuth, Morris and Pratt 1977).
private struct StopMatcher: Sendable {
    private let pattern: [UInt8]
    /// For each length of a match, that of the longest shorter one with the same end.
    private let shorter: [Int]
    /// How many bytes of the pattern the text ends with.
    private(set) var matched = 0

    var length: Int { pattern.count }

    init(_ text: String) {
        let pattern = Array(text.utf8)
        var shorter = Array(repeating: 0, count: pattern.count + 1)
        var length = 0
        for index in pattern.indices.dropFirst() {
            while length > 0, pattern[index] != pattern[length] { length = shorter[length] }
            if pattern[index] == pattern[length] { length += 1 }
            shorter[index + 1] = length
        }
        self.pattern = pattern
        self.shorter = shorter
    }

    /// - Returns: Whether the whole pattern now ends the text; then no more may be taken.
    mutating func take(_ byte: UInt8) -> Bool {
        while matched > 0, byte != pattern[matched] { matched = shorter[matched] }
        if byte == pattern[matched] { matched += 1 }
        return matched == pattern.count
    }
}
