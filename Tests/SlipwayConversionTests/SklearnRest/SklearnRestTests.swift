// SPDX-License-Identifier: Apache-2.0

import SlipwayConversion
import SlipwayCore
import SlipwayFormats
import SlipwayTestKit
import Testing

/// What is computed is compared with scikit-learn in Tests/Interop; here is what needs no engine.
@Suite("Support vectors, Bayes, neighbours, ensembles, networks, clusters and texts")
struct SklearnRestTests {
    static let versions = [
        "0.24.2", "1.0.2", "1.1.3", "1.2.2", "1.3.2", "1.4.2", "1.5.2", "1.6.1", "1.7.2", "1.8.0", "1.9.1",
    ]
    static let fixtures: [(file: String, outputs: [String])] = [
        ("svc.pkl", ["label", "scores"]), ("GaussianNB.joblib", ["label", "probabilities"]),
        ("knn.joblib", ["label", "probabilities"]), ("mlp.joblib", ["label", "probabilities"]),
        ("calibrated.joblib", ["label", "probabilities"]), ("adaboost.joblib", ["label", "probabilities"]),
        ("voting.joblib", ["label", "probabilities"]), ("isolation.pkl", ["label", "scores"]),
        ("kmeans.joblib", ["label", "scores"]), ("text_classifier.joblib", ["label", "probabilities"]),
        ("bins.pkl", ["transformed"]), ("normalizer.joblib", ["transformed"]),
    ]

    static func bytes(_ version: String, _ file: String, _ here: String = #filePath) throws -> [UInt8] {
        let tests = here.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        let source = try FileSource(path: "\(tests)/Fixtures/sklearn-rest/\(version)/\(file)")
        return try source.bytes(at: 0, count: source.byteCount)
    }

    private func convert(_ bytes: [UInt8]) throws -> ConvertedModel {
        try SklearnConverter.convert(try PickleReader.read(bytes))
    }

    /// The refusal of a file in which one word is another of the same length.
    private func refusal(replacing old: String, by new: String, in file: String) throws -> ConversionError {
        #expect(old.utf8.count == new.utf8.count)
        var bytes = try Self.bytes("1.9.1", file)
        let wanted = Array(old.utf8)
        var replaced = 0
        for start in bytes.indices.dropLast(wanted.count - 1) where bytes[start...].starts(with: wanted) {
            bytes.replaceSubrange(start..<start + wanted.count, with: Array(new.utf8))
            replaced += 1
        }
        try #require(replaced > 0)
        return try #require(throws: ConversionError.self) { try convert(bytes) }
    }

    @Test("every kind gives its outputs, whichever version saved it", arguments: versions, fixtures)
    func outputs(version: String, fixture: (file: String, outputs: [String])) throws {
        let model = try convert(Self.bytes(version, fixture.file))
        let graph = model.file.graph
        #expect(graph.outputs.map(\.name) == fixture.outputs)
        #expect(graph.outputs.dropFirst().allSatisfy { $0.elementType == .float32 })
        #expect(model.report.framework == "scikit-learn \(version)")
        #expect(!model.report.steps.isEmpty)
        #expect(try !model.file.bytes().isEmpty)
    }

    @Test("classes with names label texts and name the columns of scores")
    func classes() throws {
        let model = try convert(Self.bytes("1.9.1", "svc.pkl"))
        #expect(model.classLabels == ["scores": ["blue", "green", "red"]])
        #expect(model.file.graph.outputs[0].elementType == .bytes)
        #expect(model.file.graph.outputs[1].shape == [.symbolic("N"), .fixed(3)])
    }

    @Test("a pipeline that begins with a vectorizer takes one text for each row")
    func text() throws {
        let model = try convert(Self.bytes("1.9.1", "text_classifier.joblib"))
        #expect(model.file.graph.inputs.map(\.name) == ["text"])
        #expect(model.file.graph.inputs[0].elementType == .bytes)
        #expect(model.file.graph.inputs[0].shape == [.symbolic("N")])
        #expect(model.file.opsets["com.microsoft"] == 1)
    }

    @Test("an isolation forest is given float32, in which its trees compare")
    func isolation() throws {
        let model = try convert(Self.bytes("1.9.1", "isolation.pkl"))
        #expect(model.file.graph.inputs.map(\.elementType) == [.float32])
    }

    @Test("a kernel that is not converted is refused by name, with the place and a remedy")
    func kernel() throws {
        let error = try refusal(replacing: "rbf", by: "abc", in: "svc.pkl")
        #expect(error.code == .unsupported)
        #expect(error.message.contains("kernel is abc") && error.message.contains("'linear'"))
        #expect(error.location == "sVC (SVC)")
    }

    @Test(
        "what a fitted estimator lacks is named",
        arguments: [
            ("svc.pkl", "support_vectors_", "support_vectorsX"), ("svc.pkl", "_dual_coef_", "_dual_coefX"),
            ("svc.pkl", "_n_support", "Xn_supporX"), ("isolation.pkl", "offset_", "offsetX"),
        ])
    func missing(file: String, attribute: String, other: String) throws {
        let error = try refusal(replacing: attribute, by: other, in: file)
        #expect(error.code == .malformed)
        #expect(error.message.contains("missing"), "\(error.message)")
    }

    @Test("damaged files are refused or converted, and nothing traps", arguments: ["0.24.2", "1.5.2", "1.9.1"])
    func damaged(version: String) throws {
        let seeds = try Self.fixtures.map { try Self.bytes(version, $0.file) }
        var converted = 0
        try mutate(seeds: seeds, iterations: 400, seed: 11) { bytes in
            _ = try convert(bytes).file.bytes()
            converted += 1
        }
        // A changed weight is a sound model, so some get through; were it none, damage would never reach a converter.
        #expect(converted > 0)
    }
}
