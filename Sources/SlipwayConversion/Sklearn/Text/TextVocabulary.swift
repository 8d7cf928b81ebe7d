// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// Entries of a vectorizer's vocabulary by their columns, each as the words or characters it consists of.
struct TextVocabulary {
    /// More would be no vocabulary but a mistake.
    static let maximumCount = 4_000_000
    /// Words or characters of one entry.
    static let maximumLength = 100

    /// In the order of columns.
    let entries: [[String]]
    var longest: Int { entries.reduce(1) { max($0, $1.count) } }
    var shortest: Int { entries.reduce(longest) { min($0, $1.count) } }

    init(_ vectorizer: SklearnContext) throws(ConversionError) {
        guard case .dictionary(let pairs) = try vectorizer.require("vocabulary_").kind else {
            throw vectorizer.malformed("'vocabulary_' is not a dictionary")
        }
        guard !pairs.isEmpty, pairs.count <= Self.maximumCount else {
            throw vectorizer.malformed("'vocabulary_' has \(pairs.count) entries")
        }
        let byWord = vectorizer.string("analyzer", default: "word") == "word"
        var texts = [String?](repeating: nil, count: pairs.count)
        for pair in pairs {
            guard let text = pair.key.string, !text.isEmpty, let column = pair.value.integer,
                texts.indices.contains(column), texts[column] == nil
            else { throw vectorizer.malformed("'vocabulary_' does not give each column one text") }
            texts[column] = text
        }
        entries = texts.compactMap { $0 }.map { text in
            byWord
                ? text.unicodeScalars.split(separator: " ", omittingEmptySubsequences: false).map { String($0) }
                : text.unicodeScalars.map { String($0) }
        }
        guard entries.allSatisfy({ !$0.contains("") && $0.count <= Self.maximumLength }) else {
            throw vectorizer.unsupported(
                "its vocabulary has words with spaces at their ends, or entries of more than \(Self.maximumLength) "
                    + "words or characters")
        }
    }

    /// Columns by the length of their entries, shortest first: the order of `TfIdfVectorizer`'s pool.
    var columnsByLength: [Int] {
        entries.indices.sorted { (entries[$0].count, $0) < (entries[$1].count, $1) }
    }

    /// Where the entries of each length begin in the pool, from length 1 to the longest; counted in words.
    var starts: [Int] {
        var counts = [Int](repeating: 0, count: longest + 1)
        for entry in entries { counts[entry.count] += entry.count }
        var starts: [Int] = []
        var sum = 0
        for length in 1...longest {
            starts.append(sum)
            sum += counts[length]
        }
        return starts
    }

    /// Attributes of `TfIdfVectorizer` but for the pool.
    var attributes: [String: ONNXAttribute.Value] {
        [
            "mode": .string("TF"), "max_skip_count": .int(0), "min_gram_length": .int(shortest),
            "max_gram_length": .int(longest), "ngram_counts": .ints(starts), "ngram_indexes": .ints(columnsByLength),
        ]
    }
}

/// Numbers for words or characters. Swift takes texts for equal that differ in their code points; these do not.
struct TextNumbers {
    private struct Key: Hashable {
        let bytes: [UInt8]
        init(_ text: String) { bytes = Array(text.utf8) }
    }

    private(set) var texts: [String] = []
    private var numbers: [Key: Int] = [:]

    /// From 1 on; 0 stands for what is in no entry.
    mutating func number(of text: String) -> Int {
        let key = Key(text)
        if let known = numbers[key] { return known }
        texts.append(text)
        numbers[key] = texts.count
        return texts.count
    }

    func contains(_ text: String) -> Bool { numbers[Key(text)] != nil }
}
