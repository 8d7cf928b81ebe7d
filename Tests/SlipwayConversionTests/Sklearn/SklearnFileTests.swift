// SPDX-License-Identifier: Apache-2.0

import SlipwayConversion
import SlipwayCore
import SlipwayFormats
import Testing

/// What is computed is compared with scikit-learn in Tests/Interop; here is what needs no engine.
@Suite("Files that scikit-learn saved")
struct SklearnFileTests {
    static let versions = [
        "0.24.2", "1.0.2", "1.1.3", "1.2.2", "1.3.2", "1.4.2", "1.5.2", "1.6.1", "1.7.2", "1.8.0", "1.9.1",
    ]
    static let classifiers = [
        "boosting", "feature_union", "forest_shallow", "hist", "hist_categories", "logistic_multinomial", "pipeline",
        "table", "tree",
    ]

    /// Half of the fixtures were saved by pickle, half by joblib.
    static func converted(
        _ version: String, _ name: String, _ options: ConversionOptions = .init()
    ) throws -> ConvertedModel {
        let tests = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let path = "/\(tests)/Fixtures/sklearn/\(version)/\(name)"
        let source = try (try? FileSource(path: path + ".pkl")) ?? FileSource(path: path + ".joblib")
        return try SklearnConverter.convert(try PickleReader.read(source), options: options)
    }

    @Test("a classifier has a label and probabilities with the names of classes", arguments: versions, classifiers)
    func classifier(version: String, name: String) throws {
        let model = try Self.converted(version, name)
        let outputs = model.file.graph.outputs
        #expect(outputs.map(\.name) == ["label", "probabilities"])
        #expect(outputs[1].elementType == .float32)
        let labels = try #require(model.classLabels["probabilities"])
        #expect(outputs[1].shape == [.symbolic("N"), .fixed(labels.count)])
        #expect(model.report.framework == "scikit-learn \(version)")
    }

    @Test("names of classes are what is predicted", arguments: versions)
    func names(version: String) throws {
        let model = try Self.converted(version, "logistic_multinomial")
        #expect(model.classLabels["probabilities"] == ["blue", "green", "red"])
        #expect(model.file.graph.outputs[0].elementType == .bytes)
        #expect(model.file.graph.inputs[0].elementType == .float64)
    }

    @Test("trees take float32 unless another type is asked for", arguments: [nil, ElementType.float64])
    func inputType(wanted: ElementType?) throws {
        let model = try Self.converted("1.9.1", "forest_shallow", ConversionOptions(inputType: wanted))
        #expect(model.file.graph.inputs.map(\.elementType) == [wanted ?? .float32])
        #expect(model.file.graph.inputs[0].shape == [.symbolic("N"), .fixed(4)])
    }

    @Test("a regressor of one target predicts a vector", arguments: versions)
    func regressor(version: String) throws {
        let graph = try Self.converted(version, "Lasso").file.graph
        #expect(graph.outputs.map(\.name) == ["prediction"])
        #expect(graph.outputs[0].shape == [.symbolic("N")])
        #expect(graph.outputs[0].elementType == .float32)
    }

    @Test("named columns are inputs of their own, and a column that is dropped is none", arguments: versions)
    func columns(version: String) throws {
        let model = try Self.converted(version, "table")
        let inputs = model.file.graph.inputs
        #expect(inputs.map(\.name) == ["age", "income", "city", "plan"])
        #expect(inputs.map(\.elementType) == [.float64, .float64, .bytes, .bytes])
        #expect(inputs.allSatisfy { $0.shape == [.symbolic("N"), .fixed(1)] })
        let steps = model.report.steps.map(\.path)
        #expect(steps.contains("pipeline.steps[0] 'columns'.transformers_[0] 'numbers'.steps[1] 'scale'"))
        #expect(steps.contains("pipeline.steps[1] 'clf'"))
    }

    @Test("equal files give equal bytes")
    func deterministic() throws {
        let first = try Self.converted("1.9.1", "table").file.bytes()
        let second = try Self.converted("1.9.1", "table").file.bytes()
        #expect(first == second)
    }

    @Test("a threshold is rounded to the greatest float32 that is not above it")
    func rounding() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<10_000 {
            let threshold = Double.random(in: -1000...1000, using: &generator)
            let rounded = SklearnTree.roundedDown(threshold)
            #expect(Double(Float(rounded)) == rounded)
            #expect(rounded <= threshold)
            #expect(Double(Float(rounded).nextUp) > threshold)
        }
    }
}
