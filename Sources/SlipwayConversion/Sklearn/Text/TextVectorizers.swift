// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// CountVectorizer and TfidfVectorizer: texts in, counts or weights of vocabulary entries out.
enum TextVectorizers: SklearnEstimator {
    static let names = ["CountVectorizer", "TfidfVectorizer"]

    static func needs(_ estimator: SklearnContext) throws(ConversionError) -> SklearnNeeds { .text }

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        guard input.parts.count == 1, input.width == 1, input.parts[0].type == .bytes else {
            throw estimator.unsupported("it is given \(input.width) columns where one text for each row is wanted")
        }
        let text = input.isText ? input.parts[0].name : graph.reshape(input.parts[0].name, [-1])
        let vocabulary = try TextVocabulary(estimator)
        let analyzer = try TextAnalyzer(estimator, longest: vocabulary.longest)
        let width = vocabulary.entries.count
        graph.describeStep("\(width) entries of up to \(vocabulary.longest)")
        if analyzer.isLowercase {
            graph.report.notes.append(
                "\(estimator.path): texts are lowercased character by character, which differs from Python for 'İ' "
                    + "and for 'Σ' at the end of words")
        }
        var counts = graph.counts(of: vocabulary, in: text, analyzer)
        if estimator.bool("binary", default: false) {
            counts = graph.node("Min", [counts, graph.double(1)])
        }
        if estimator.type.name == "TfidfVectorizer" {
            counts = try TermWeights.weighted(counts, try estimator.estimator("_tfidf"), width, &graph)
        }
        return .features(SklearnInput(counts, .float64, width: width))
    }
}

/// TfidfTransformer: counts in, weights out.
enum TermWeights: SklearnEstimator {
    static let names = ["TfidfTransformer"]

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        let counts = try input.matrix(.float64, for: estimator, in: &graph)
        let weights = try weighted(counts, estimator, input.width, &graph)
        return .features(SklearnInput(weights, .float64, width: input.width))
    }

    /// `(log) counts · idf`, rows brought to length one.
    static func weighted(
        _ counts: String, _ estimator: SklearnContext, _ width: Int, _ graph: inout GraphBuilder
    ) throws(ConversionError) -> String {
        var value = counts
        if estimator.bool("sublinear_tf", default: false) {
            let one = graph.double(1)
            let logarithm = graph.add(graph.node("Log", [graph.node("Max", [value, one])]), one)
            let isThere = graph.node("Greater", [value, graph.double(0)])
            value = graph.choose(isThere, logarithm, value)
        }
        if estimator.bool("use_idf", default: true) {
            value = graph.multiply(value, graph.doubles(try frequencies(estimator, width)))
        }
        guard let norm = estimator.optional("norm")?.string else { return value }
        return try Normalizers.normalized(value, norm, estimator, &graph)
    }

    /// Releases before 1.4 keep them on the diagonal of a sparse matrix.
    private static func frequencies(_ estimator: SklearnContext, _ width: Int) throws(ConversionError) -> [Double] {
        let numbers =
            estimator.optional("idf_") == nil
            ? try estimator.estimator("_idf_diag").numbers("data").values
            : try estimator.numbers("idf_").values
        guard numbers.count == width else {
            throw estimator.malformed("there are \(numbers.count) inverse document frequencies for \(width) terms")
        }
        return numbers
    }
}

/// What vectorizers cannot be converted to.
enum HashingVectorizers: SklearnEstimator {
    static let names = ["HashingVectorizer", "FeatureHasher", "DictVectorizer"]

    static func needs(_ estimator: SklearnContext) throws(ConversionError) -> SklearnNeeds {
        throw refusal(of: estimator)
    }

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        throw refusal(of: estimator)
    }

    private static func refusal(of estimator: SklearnContext) -> ConversionError {
        estimator.unsupported(
            "\(estimator.type.name) makes columns that no vocabulary names, which is not converted; train with "
                + "TfidfVectorizer or CountVectorizer, or one-hot encode columns")
    }
}
