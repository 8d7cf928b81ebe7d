// SPDX-License-Identifier: Apache-2.0

import SlipwayConversion
import SlipwayCore
import SlipwayFormats
import Testing

@Suite("Converted boosters")
struct BoosterSumsTests {
    /// Files that XGBoost, LightGBM and CatBoost wrote; see Tests/Fixtures/FIXTURES.md.
    static let names = [
        "xgb-binary-logistic.json", "xgb-dart.ubj", "xgb-categories-1.ubj", "xgb-one-output-per-tree.json",
        "xgb-legacy.model", "lgb-zero.txt", "lgb-categories-4.txt", "lgb-rf-multiclass.txt", "cb-multiclass.json",
        "cb-nan-max.json",
    ]

    static func source(_ name: String) throws -> FileSource {
        let tests = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return try FileSource(path: "/\(tests)/Fixtures/boosters/\(name)")
    }

    static func converted(_ name: String, _ options: ConversionOptions = .init()) throws -> ConvertedModel {
        let source = try source(name)
        let detection = try FormatDetector.detect(source)
        try detection.requireSupported()
        return try BoosterConverter.convert(source, format: detection.format, options: options)
    }

    @Test("take the same leaves as their framework, at and beside every threshold", arguments: names)
    func sums(name: String) throws {
        let model = try Self.converted(name)
        let golden = try JSONReader.read(Self.source(name + ".rows.json"))
        let rows = (golden["rows"]?.list ?? []).compactMap(\.doubles)
        let sums = (golden["sums"]?.list ?? []).compactMap(\.doubles)
        let interpreter = TreeInterpreter(model.file.graph)
        #expect(rows.count > 40 && sums.count == rows.count)
        for (row, wanted) in zip(rows, sums) {
            let got = try interpreter.sums(row)
            try #require(got.count == wanted.count)
            // XGBoost adds float32 leaves in float32: a few units in the last place of numbers below 10. Leaves of
            // these models differ by a thousand times more.
            for (a, b) in zip(got, wanted) { #expect(abs(a - b) < 5e-6, "row \(row)") }
        }
    }

    @Test("have inputs and outputs by the house's names")
    func signature() throws {
        let model = try Self.converted("xgb-binary-logistic.json")
        #expect(model.file.graph.inputs.map(\.name) == ["input"])
        #expect(model.file.graph.inputs.map(\.elementType) == [.float32])
        #expect(model.file.graph.outputs.map(\.name) == ["label", "probabilities"])
        #expect(model.classLabels["probabilities"] == ["0", "1"])
        #expect(model.report.framework == "XGBoost 3.2.0")
        #expect(model.report.steps.count == 1)
        let light = try Self.converted("lgb-zero.txt")
        #expect(light.file.graph.inputs.map(\.elementType) == [.float64])
        let narrow = try Self.converted("lgb-zero.txt", ConversionOptions(inputType: .float32))
        #expect(narrow.file.graph.inputs.map(\.elementType) == [.float32])
        let targets = try Self.converted("xgb-one-output-per-tree.json")
        #expect(targets.file.graph.outputs.map(\.shape) == [[.symbolic("N"), .fixed(2)]])
    }

    @Test(
        "give the same bytes for the same file", arguments: ["xgb-dart.ubj", "lgb-categories-4.txt", "cb-nan-max.json"])
    func determinism(name: String) throws {
        let first = try Self.converted(name).file.bytes()
        let second = try Self.converted(name).file.bytes()
        #expect(first == second)
    }

    @Test("of CatBoost tell labels by the model's own threshold", arguments: ["0.868", #""0.868""#])
    func threshold(written: String) throws {
        let source = try Self.source("cb-nan-max.json")
        let text = String(decoding: try source.bytes(at: 0, count: source.byteCount), as: UTF8.self)
        let other = text.replacing(
            #""model_info": {"#, with: #""model_info": {"binclass_probability_threshold": \#(written), "#)
        #expect(other != text)
        let model = try BoosterConverter.convert(MemorySource(Array(other.utf8)), format: .catboost)
        #expect(model.report.notes.contains { $0.contains("0.868") })
        // The logarithm of 0.868 / 0.132, taken away from the sum before its sign is looked at.
        let logit = 1.8834
        let constants = model.file.graph.initializers.compactMap { constant -> Double? in
            guard constant.elementType == .float64, case .raw(let bytes) = constant.content, bytes.count == 8 else {
                return nil
            }
            return bytes.withUnsafeBytes { $0.loadUnaligned(as: Double.self) }
        }
        // The figure above has four places.
        #expect(constants.contains { abs($0 + logit) < 1e-3 })
        let odd = other.replacing(written, with: "2")
        #expect(throws: FormatError.self) {
            try BoosterConverter.convert(MemorySource(Array(odd.utf8)), format: .catboost)
        }
    }

    @Test("name an objective that is not converted")
    func objective() throws {
        let source = try Self.source("xgb-binary-logistic.json")
        let bytes = try source.bytes(at: 0, count: source.byteCount)
        let text = String(decoding: bytes, as: UTF8.self).replacing("binary:logistic", with: "binary:logarithm")
        let error = #expect(throws: ConversionError.self) {
            try BoosterConverter.convert(MemorySource(Array(text.utf8)), format: .xgboost)
        }
        #expect(error?.code == .unsupported)
        #expect(error?.message.contains("binary:logarithm") == true)
        #expect(error?.location == "learner.objective")
    }

    @Test(
        "of damaged files are refused, and never trap",
        arguments: ["xgb-dart.ubj", "xgb-categories-1.ubj", "xgb-legacy.model"])
    func damage(name: String) throws {
        let source = try Self.source(name)
        let whole = try source.bytes(at: 0, count: source.byteCount)
        for end in stride(from: 0, to: whole.count - 40, by: 97) {
            #expect(throws: (any Error).self) {
                try BoosterConverter.convert(MemorySource(Array(whole[..<end])), format: .xgboost)
            }
        }
    }

    @Test("of CatBoost's binary format are answered with the line to run")
    func binaryCatBoost() {
        let bytes = Array("CBM1".utf8) + [UInt8](repeating: 0, count: 60)
        let error = #expect(throws: ConversionError.self) {
            try BoosterConverter.convert(MemorySource(bytes), format: .catboost)
        }
        #expect(error?.message.contains("save_model(\"model.json\", format=\"json\")") == true)
        #expect(FormatDetector.detect(bytes).format == .catboost)
        #expect(!FormatDetector.detect(bytes).isSupported)
    }
}
