// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats
import SlipwayTestKit
import Testing

@Suite("Readers of boosters")
struct BoosterReaderTests {
    private static func bytes(_ name: String) throws -> [UInt8] {
        let tests = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let source = try FileSource(path: "/\(tests)/Fixtures/boosters/\(name)")
        return try source.bytes(at: 0, count: source.byteCount)
    }

    @Test("read XGBoost's JSON, UBJSON and former binary format")
    func xgboost() throws {
        let json = try XGBoostReader.read(MemorySource(Self.bytes("xgb-binary-logistic.json")))
        #expect(json.objective == "binary:logistic")
        #expect(json.trees.count == 6)
        #expect(json.featureCount == 5)
        #expect(json.rounds == [0, 1, 2, 3, 4, 5, 6])
        let dart = try XGBoostReader.read(MemorySource(Self.bytes("xgb-dart.ubj")))
        #expect(dart.booster == "dart")
        #expect(dart.treeWeights.count == dart.trees.count)
        let legacy = try XGBoostReader.read(MemorySource(Self.bytes("xgb-legacy.model")))
        #expect(legacy.version == [1, 7])
        #expect(legacy.classCount == 3)
        #expect(legacy.treeOutputs == [0, 1, 2, 0, 1, 2, 0, 1, 2])
        #expect(legacy.baseScores == [Double(Float(0.3))])
        let categories = try XGBoostReader.read(MemorySource(Self.bytes("xgb-categories-1.ubj")))
        #expect(categories.trees.contains { !$0.categories.isEmpty })
    }

    @Test("read LightGBM's text")
    func lightgbm() throws {
        let zero = try LightGBMReader.read(MemorySource(Self.bytes("lgb-zero.txt")))
        #expect(zero.version == "v4")
        #expect(zero.objective == ["binary", "sigmoid:1"])
        #expect(zero.parameter("sigmoid") == 1)
        #expect(zero.trees.count == 6)
        #expect(zero.trees[0].missing(0) == .zero)
        let forest = try LightGBMReader.read(MemorySource(Self.bytes("lgb-rf-multiclass.txt")))
        #expect(forest.isAveraged)
        #expect(forest.treesPerIteration == 3)
        let categories = try LightGBMReader.read(MemorySource(Self.bytes("lgb-categories-4.txt")))
        let sets = categories.trees.flatMap { tree in
            tree.features.indices.filter { tree.isCategorical($0) }.compactMap { tree.categories($0) }
        }
        #expect(sets.contains { $0.count > 1 })
    }

    @Test("tell a version of LightGBM that is not read, and a text that was cut off")
    func otherLightGBM() throws {
        let text = String(decoding: try Self.bytes("lgb-zero.txt"), as: UTF8.self)
        let other = text.replacing("version=v4", with: "version=v9")
        let error = #expect(throws: FormatError.self) { try LightGBMReader.read(MemorySource(Array(other.utf8))) }
        #expect(error?.code == .unsupported)
        let half = Array(text.utf8.prefix(text.utf8.count / 3))
        let cut = #expect(throws: FormatError.self) { try LightGBMReader.read(MemorySource(half)) }
        #expect(cut != nil)
    }

    @Test(
        "refuse LightGBM's sets of categories that are no bits, and sets that several splits share",
        arguments: ["-1", "4294967296"])
    func categoryWords(word: String) throws {
        let text = String(decoding: try Self.bytes("lgb-categories-4.txt"), as: UTF8.self)
        let wrong = text.replacing("cat_threshold=", with: "cat_threshold=\(word) ")
        #expect(throws: FormatError.self) { try LightGBMReader.read(MemorySource(Array(wrong.utf8))) }
        let tree = """
            tree
            version=v4
            max_feature_idx=0
            Tree=0
            num_leaves=3
            split_feature=0 0
            threshold=0 0
            decision_type=1 1
            left_child=-1 -2
            right_child=1 -3
            leaf_value=1 2 3
            cat_boundaries=0 1
            cat_threshold=5
            end of trees

            """
        #expect(throws: FormatError.self) { try LightGBMReader.read(MemorySource(Array(tree.utf8))) }
        let single = tree.replacing("decision_type=1 1", with: "decision_type=1 0")
        #expect(try LightGBMReader.read(MemorySource(Array(single.utf8))).trees.count == 1)
        let leafless = tree.replacing("num_leaves=3\n", with: "")
        #expect(throws: FormatError.self) { try LightGBMReader.read(MemorySource(Array(leafless.utf8))) }
    }

    @Test("take nothing but its value from a LightGBM tree of one leaf, whatever else it lists")
    func stump() throws {
        let text = """
            tree
            version=v4
            max_feature_idx=0
            Tree=0
            num_leaves=1
            split_feature=0 7
            decision_type=
            cat_boundaries=0 9
            leaf_value=2.5
            end of trees

            """
        let tree = try #require(try LightGBMReader.read(MemorySource(Array(text.utf8))).trees.first)
        #expect(tree.leafValues == [2.5])
        // Who asks each listed split for its decision would go past the end of the decisions otherwise.
        #expect(tree.features.isEmpty && tree.decisions.isEmpty)
    }

    @Test("refuse a CatBoost file without its trees, splits or features")
    func catboostLists() throws {
        let text = String(decoding: try Self.bytes("cb-nan-max.json"), as: UTF8.self)
        for name in ["oblivious_trees", "splits", "float_features"] {
            let other = text.replacing("\"\(name)\": ", with: "\"\(name)\": 1, \"other\": ", maxReplacements: 1)
            #expect(throws: FormatError.self, "\(name)") {
                try CatBoostReader.read(MemorySource(Array(other.utf8)))
            }
        }
    }

    @Test("name categorical features of CatBoost")
    func categorical() throws {
        let text = String(decoding: try Self.bytes("cb-nan-max.json"), as: UTF8.self)
        let feature = #""features_info": {"categorical_features": [{"feature_id": "city", "flat_feature_index": 3}], "#
        let other = text.replacing(#""features_info": {"#, with: feature)
        let error = #expect(throws: FormatError.self) { try CatBoostReader.read(MemorySource(Array(other.utf8))) }
        #expect(error?.code == .unsupported)
        #expect(error?.message.contains("'city'") == true)
    }

    @Test(
        "spell base_score as XGBoost does", arguments: [("5E-1", [0.5]), ("[5E-1]", [0.5]), ("[-1E-1,2]", [-0.1, 2])])
    func baseScore(text: String, wanted: [Double]) throws {
        let json = String(decoding: try Self.bytes("xgb-binary-logistic.json"), as: UTF8.self)
        let value = try JSONReader.read(json)
        let written = try #require(value["learner"]?["learner_model_param"]?["base_score"]?.string)
        let model = try XGBoostReader.read(MemorySource(Array(json.replacing(written, with: text).utf8)))
        #expect(model.baseScores == wanted)
    }

    @Test(
        "answer damaged files with errors",
        arguments: ["xgb-dart.ubj", "xgb-legacy.model", "lgb-categories-4.txt", "cb-nan-max.json"])
    func damage(name: String) throws {
        var refused = 0
        // A second or two in a debug build; `make fuzz` goes on for as long as one likes.
        try mutate(seeds: [Self.bytes(name)], iterations: 400, seed: 7) { bytes in
            do {
                let source = MemorySource(bytes)
                switch name.prefix(3) {
                case "xgb": _ = try XGBoostReader.read(source)
                case "lgb": _ = try LightGBMReader.read(source)
                default: _ = try CatBoostReader.read(source)
                }
            } catch {
                refused += 1
                throw error
            }
        }
        #expect(refused > 0)
    }
}
