// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// How a vectorizer takes texts apart, as far as ONNX has operators for it.
struct TextAnalyzer {
    enum Unit: Equatable {
        /// Runs of at least so many word characters.
        case words(minimum: Int)
        /// Characters of the whole text, or of one word with a space at both sides.
        case characters(withinWords: Bool)
    }

    /// What `str.isspace` says of characters; a run of two or more counts as one space.
    static let spaces: [UInt32] =
        Array(0x09...0x0D) + Array(0x1C...0x20) + [0x85, 0xA0, 0x1680] + Array(0x2000...0x200A)
        + [0x2028, 0x2029, 0x202F, 0x205F, 0x3000]
    /// No character: it never stands in a text.
    static let mark = "\u{10FFFF}"

    /// Patterns that mean runs of word characters, by the least length of a run.
    private static let patterns: [String: Int] = {
        var patterns: [String: Int] = [:]
        for flags in ["(?u)", ""] {
            patterns[flags + #"\b\w\w+\b"#] = 2
            patterns[flags + #"\b\w{2,}\b"#] = 2
            patterns[flags + #"\w\w+"#] = 2
            patterns[flags + #"\w{2,}"#] = 2
            patterns[flags + #"\b\w+\b"#] = 1
            patterns[flags + #"\w+"#] = 1
        }
        return patterns
    }()

    let unit: Unit
    let isLowercase: Bool
    /// Words left out before words are joined to n-grams; only n-grams of several words have to know.
    let stopWords: [String]

    /// - Parameter longest: The most words or characters of a vocabulary entry.
    init(_ vectorizer: SklearnContext, longest: Int) throws(ConversionError) {
        for name in ["preprocessor", "tokenizer"] where vectorizer.optional(name) != nil {
            throw vectorizer.unsupported(
                "its \(name) is a function of Python's, which is never run; use the parameters of the vectorizer")
        }
        if let accents = vectorizer.optional("strip_accents") {
            throw vectorizer.unsupported(
                "strip_accents is \(accents.string ?? "a function"), which no ONNX operator does; train with "
                    + "strip_accents=None")
        }
        let source = vectorizer.string("input", default: "content")
        guard source == "content" else {
            throw vectorizer.unsupported("it reads files (input='\(source)'); train with input='content'")
        }
        isLowercase = vectorizer.bool("lowercase", default: true)
        switch vectorizer.string("analyzer", default: "a function of Python's") {
        case "word": unit = .words(minimum: try Self.minimum(vectorizer))
        case "char": unit = .characters(withinWords: false)
        case "char_wb": unit = .characters(withinWords: true)
        case let other:
            throw vectorizer.unsupported("its analyzer is \(other); use 'word', 'char' or 'char_wb'")
        }
        guard case .words = unit, longest > 1, let words = vectorizer.optional("stop_words") else {
            // A single word that is left out is not in the vocabulary either.
            stopWords = []
            return
        }
        guard let list = words.list else {
            throw vectorizer.unsupported(
                "n-grams step over stop words, and the file does not hold the list "
                    + "'\(words.string ?? words.plainName)'; train with stop_words=list(...) of it")
        }
        stopWords = list.compactMap(\.string)
    }

    private static func minimum(_ vectorizer: SklearnContext) throws(ConversionError) -> Int {
        let pattern = vectorizer.string("token_pattern", default: #"(?u)\b\w\w+\b"#)
        if let minimum = patterns[pattern] { return minimum }
        throw vectorizer.unsupported(
            "its token_pattern \(pattern) is not converted; use the default, which finds words of two and more "
                + #"characters, or (?u)\b\w+\b"#)
    }
}
