// SPDX-License-Identifier: Apache-2.0

import SlipwayConversion
import SlipwayCore
import SlipwayFormats
import Testing

@Suite("Damaged boosters")
struct BoosterDamageTests {
    private func converted(_ text: String) throws -> ConvertedModel {
        try BoosterConverter.convert(MemorySource(Array(text.utf8)), format: .xgboost)
    }

    @Test(
        "a best round that no model has is passed over", arguments: ["9223372036854775807", "2147483647", "-1", "99"])
    func bestRound(round: String) throws {
        let source = try BoosterSumsTests.source("xgb-binary-logistic.json")
        let text = String(decoding: try source.bytes(at: 0, count: source.byteCount), as: UTF8.self)
        let attributes = #""attributes":{"best_iteration":"\#(round)","scikit_learn":"{}"}"#
        let other = text.replacing(#""attributes":{}"#, with: attributes)
        #expect(other != text)
        #expect(try converted(other).report.steps == converted(text).report.steps)
    }

    /// Two leaves of two values each; `rows` says which.
    private func vectorTree(rows: [Int]) -> String {
        """
        {"version": [3, 0, 0], "learner": {
         "learner_model_param": {"num_feature": "1", "num_class": "0", "num_target": "2", "base_score": "0"},
         "objective": {"name": "reg:squarederror"}, "gradient_booster": {"name": "gbtree", "model": {
          "gbtree_model_param": {"num_trees": "1", "num_parallel_tree": "1"}, "tree_info": [0], "trees": [{
           "tree_param": {"size_leaf_vector": "2", "num_nodes": "3"}, "left_children": [1, -1, -1],
           "right_children": [2, \(rows[0]), \(rows[1])], "split_indices": [0, 0, 0],
           "split_conditions": [0.5, 0, 0], "default_left": [0, 0, 0], "leaf_weights": [1, 2, 3, 4]}]}}}}
        """
    }

    @Test("leaves of several values that share them, which would make a small file large, are refused")
    func sharedLeaves() throws {
        #expect(try converted(vectorTree(rows: [0, 1])).report.steps.count == 1)
        let error = #expect(throws: ConversionError.self) { try converted(vectorTree(rows: [1, 1])) }
        #expect(error?.message.contains("another leaf") == true)
    }
}
