// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// Texts to counts of a vocabulary's entries.
extension GraphBuilder {
    /// How often each entry of the vocabulary stands in each text: BYTES `[N]` to float64 `[N, entries]`.
    mutating func counts(of vocabulary: TextVocabulary, in text: String, _ analyzer: TextAnalyzer) -> String {
        var text = text
        if analyzer.isLowercase {
            // Every glibc has this locale; without one only ASCII would change.
            text = node(
                "StringNormalizer", [text],
                ["case_change_action": .string("LOWER"), "is_case_sensitive": .int(1), "locale": .string("C.UTF-8")])
        }
        let counts: String
        switch analyzer.unit {
        case .words(let minimum): counts = words(text, minimum, vocabulary, analyzer.stopWords)
        case .characters(let withinWords):
            var numbers = TextNumbers()
            let space = numbers.number(of: " ")
            let pool = vocabulary.columnsByLength.flatMap { vocabulary.entries[$0] }.map { numbers.number(of: $0) }
            let sequence =
                withinWords ? paddedWords(text, numbers, space: space) : characters(text, numbers, space: space)
            counts = ngrams(sequence, pool, vocabulary)
        }
        return cast(counts, to: .float64)
    }

    // MARK: Words

    private mutating func words(
        _ text: String, _ minimum: Int, _ vocabulary: TextVocabulary, _ stopWords: [String]
    ) -> String {
        let pattern = "[\\p{L}\\p{N}_]{\(minimum),}"
        if stopWords.isEmpty {
            let pool = vocabulary.columnsByLength.flatMap { vocabulary.entries[$0] }
            var attributes = vocabulary.attributes
            attributes["pool_strings"] = .strings(pool)
            return node("TfIdfVectorizer", [tokens(text, pattern)], attributes)
        }
        var numbers = TextNumbers()
        let pool = vocabulary.columnsByLength.flatMap { vocabulary.entries[$0] }.map { numbers.number(of: $0) }
        let stops = stopWords.filter { !numbers.contains($0) }
        let marked = append(TextAnalyzer.mark, to: text)
        let found = tokens(marked, pattern + "|" + TextAnalyzer.mark)
        let known = numbered(found, numbers.texts + stops, (1...numbers.texts.count) + stops.map { _ in -1 })
        let isStop = node("Less", [known, integers([0], [])])
        return ngrams(compact(known, dropping: isStop), pool, vocabulary)
    }

    // MARK: Characters

    /// Characters of each text, runs of spaces as one: INT64 `[N, longest]`.
    private mutating func characters(_ text: String, _ numbers: TextNumbers, space: Int) -> String {
        let found = characterTokens(append(TextAnalyzer.mark, to: text))
        let known = numbered(found, numbers.texts, Array(1...numbers.texts.count))
        let spaces = TextAnalyzer.spaces.compactMap { Unicode.Scalar($0).map { String($0) } }
        let isSpace = numbered(found, spaces, spaces.map { _ in 1 })
        // The mark at the end is no space, so nothing is lost at the far ends of the neighbours.
        let zero = multiply(slice(isSpace, from: 0, to: 1), integers([0], []))
        let before = node("Concat", [zero, slice(isSpace, from: 0, to: -1)], ["axis": .int(1)])
        let after = node("Concat", [slice(isSpace, from: 1, to: Int(Int32.max)), zero], ["axis": .int(1)])
        let one = integers([1], [])
        let beginsRun = node("Equal", [multiply(isSpace, after), one])
        let continues = node("Equal", [multiply(isSpace, before), one])
        let merged = choose(beginsRun, integers([space], []), known)
        return compact(merged, dropping: continues)
    }

    /// Words with a space at both sides and something unknown between them: INT64 `[N, words · (longest + 3)]`.
    private mutating func paddedWords(_ text: String, _ numbers: TextNumbers, space: Int) -> String {
        let spaces = TextAnalyzer.spaces.map { "\\x{" + String($0, radix: 16) + "}" }.joined()
        let words = tokens(append(" " + TextAnalyzer.mark, to: text), "[^\(spaces)]+")
        let found = characterTokens(words)
        let blanks = ["", TextAnalyzer.mark]
        let isText = node(
            "LabelEncoder", [found],
            [
                "keys_strings": .strings(blanks), "values_int64s": .ints([0, 0]), "default_int64": .int(1),
            ], domain: "ai.onnx.ml")
        let known = multiply(numbered(found, numbers.texts, Array(1...numbers.texts.count)), isText)
        let first = slice(isText, from: 0, to: 1, axis: 2)
        let zero = multiply(first, integers([0], []))
        let spaceNumber = integers([space], [])
        func joined(_ values: [String], _ graph: inout GraphBuilder) -> String {
            graph.node("Concat", values, ["axis": .int(2)])
        }
        let ends = multiply(
            joined([zero, isText], &self), subtract(integers([1], []), joined([isText, zero], &self)))
        let body = add(joined([known, zero], &self), multiply(ends, spaceNumber))
        return reshape(joined([multiply(first, spaceNumber), body, zero], &self), [0, -1])
    }

    // MARK: Parts

    private mutating func append(_ ending: String, to text: String) -> String {
        node("StringConcat", [text, constant(ONNXTensor([ending], []))])
    }

    private mutating func tokens(_ text: String, _ pattern: String) -> String {
        tokenizer(text, ["tokenexp": .string(pattern)])
    }

    private mutating func characterTokens(_ text: String) -> String { tokenizer(text, ["separators": .strings([""])]) }

    /// ONNX Runtime's own operator: texts of any shape to tokens in one dimension more, filled up with "".
    private mutating func tokenizer(_ text: String, _ attributes: [String: ONNXAttribute.Value]) -> String {
        var all: [String: ONNXAttribute.Value] = ["mark": .int(0), "mincharnum": .int(1), "pad_value": .string("")]
        all.merge(attributes) { _, new in new }
        return node("Tokenizer", [text], all, domain: "com.microsoft")
    }

    private mutating func numbered(_ tokens: String, _ texts: [String], _ numbers: [Int]) -> String {
        node(
            "LabelEncoder", [tokens],
            ["keys_strings": .strings(texts), "values_int64s": .ints(numbers), "default_int64": .int(0)],
            domain: "ai.onnx.ml")
    }

    private mutating func ngrams(_ sequence: String, _ pool: [Int], _ vocabulary: TextVocabulary) -> String {
        var attributes = vocabulary.attributes
        attributes["pool_int64s"] = .ints(pool)
        return node("TfIdfVectorizer", [sequence], attributes)
    }

    /// Closes the gaps that dropped numbers leave, with zeros at the end: INT64 `[N, length]`.
    private mutating func compact(_ numbers: String, dropping isDropped: String) -> String {
        let length = node("Shape", [numbers], ["start": .int(1), "end": .int(2)])
        let zero = integers([0], [])
        let kept = choose(isDropped, zero, numbers)
        let order = nodes(
            "TopK", [cast(isDropped, to: .int64), length], ["axis": .int(1), "largest": .int(0), "sorted": .int(1)],
            outputs: 2)[1]
        return node("GatherElements", [kept, order], ["axis": .int(1)])
    }

    private mutating func slice(_ value: String, from start: Int, to end: Int, axis: Int = 1) -> String {
        node("Slice", [value, integers([start]), integers([end]), integers([axis])])
    }
}
