// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Reads the binary format that XGBoost wrote before version 2: blocks of fixed width, little-endian.
enum XGBoostBinaryReader {
    private static let learnerByteCount = 136
    private static let boosterByteCount = 160
    private static let treeByteCount = 148
    private static let nodeByteCount = 20
    private static let statisticsByteCount = 16

    static func read(_ source: any ByteSource) throws(FormatError) -> XGBoostModel {
        var cursor = XGBoostCursor(source)
        if try cursor.peek(4) == Array("binf".utf8) { _ = try cursor.take(4, "the header") }
        if try cursor.peek(4) == Array("bs64".utf8) {
            throw FormatError(
                .unsupported,
                "the model is written as base64; load it in XGBoost and save it with save_model(\"model.json\")",
                at: "offset 0")
        }
        var model = XGBoostModel()
        let learner = try cursor.take(learnerByteCount, "the model's parameters")
        let base = Float(bitPattern: learner.littleEndian(at: 0) ?? 0)
        model.featureCount = Int(learner.littleEndian(UInt32.self, at: 4) ?? 0)
        model.classCount = max(0, Int(Int32(bitPattern: learner.littleEndian(at: 8) ?? 0)))
        let hasAttributes = learner.littleEndian(UInt32.self, at: 12) ?? 0 != 0
        model.version = [
            Int(learner.littleEndian(UInt32.self, at: 20) ?? 0), Int(learner.littleEndian(UInt32.self, at: 24) ?? 0),
        ]
        model.targetCount = max(1, Int(learner.littleEndian(UInt32.self, at: 28) ?? 1))
        model.objective = try cursor.text("the objective")
        model.booster = try cursor.text("the booster")
        model.baseScores = [Double(base)]
        guard model.booster == "gbtree" || model.booster == "dart" else {
            throw FormatError(
                .unsupported,
                "the booster '\(model.booster.prefix(80))' is not read from XGBoost's former binary format; "
                    + "load it in XGBoost and save it with save_model(\"model.json\")")
        }
        try readTrees(&cursor, into: &model)
        if hasAttributes {
            for _ in 0..<(try cursor.count("the attributes", width: 16)) {
                let name = try cursor.text("an attribute")
                model.attributes[name] = try cursor.text("an attribute")
            }
        }
        // Before version 1 the number was kept after the link, as a margin; for classes there is no link.
        if model.version[0] < 1 { model.baseScores = [probability(Double(base), model.objective)] }
        return model
    }

    private static func readTrees(_ cursor: inout XGBoostCursor, into model: inout XGBoostModel) throws(FormatError) {
        let head = try cursor.take(boosterByteCount, "the booster's parameters")
        let treeCount = Int(head.littleEndian(UInt32.self, at: 0) ?? 0)
        model.parallelTreeCount = max(1, Int(head.littleEndian(UInt32.self, at: 4) ?? 1))
        guard treeCount <= cursor.rest / (treeByteCount + nodeByteCount) else {
            throw .truncated("the trees", needed: treeCount, available: cursor.rest, offset: cursor.offset)
        }
        for index in 0..<treeCount {
            do throws(FormatError) {
                model.trees.append(try readTree(&cursor))
            } catch {
                throw error.located("trees[\(index)]")
            }
        }
        let outputs = try cursor.take(treeCount * 4, "the outputs of trees")
        model.treeOutputs = (0..<treeCount).map { Int(outputs.littleEndian(UInt32.self, at: $0 * 4) ?? 0) }
        guard model.booster == "dart", treeCount > 0 else { return }
        let count = try cursor.count("the weights of trees", width: 4)
        let weights = try cursor.take(count * 4, "the weights of trees")
        model.treeWeights = (0..<count).map { Float(bitPattern: weights.littleEndian(at: $0 * 4) ?? 0) }
    }

    private static func readTree(_ cursor: inout XGBoostCursor) throws(FormatError) -> XGBoostModel.Tree {
        let head = try cursor.take(treeByteCount, "a tree's parameters")
        let count = Int(head.littleEndian(UInt32.self, at: 4) ?? 0)
        guard (head.littleEndian(UInt32.self, at: 20) ?? 0) <= 1 else {
            throw FormatError(
                .unsupported,
                "leaves of several values are not read from XGBoost's former binary format; "
                    + "load the model in XGBoost and save it with save_model(\"model.json\")")
        }
        guard count > 0, count <= cursor.rest / (nodeByteCount + statisticsByteCount) else {
            throw .truncated("the nodes", needed: count, available: cursor.rest, offset: cursor.offset)
        }
        let nodes = try cursor.take(count * nodeByteCount, "the nodes")
        _ = try cursor.take(count * statisticsByteCount, "the statistics")
        var tree = XGBoostModel.Tree()
        for start in stride(from: 0, to: nodes.count, by: nodeByteCount) {
            let split: UInt32 = nodes.littleEndian(at: start + 12) ?? 0
            tree.left.append(Int(Int32(bitPattern: nodes.littleEndian(at: start + 4) ?? 0)))
            tree.right.append(Int(Int32(bitPattern: nodes.littleEndian(at: start + 8) ?? 0)))
            tree.features.append(Int(split & 0x7FFF_FFFF))
            tree.defaultLeft.append(split >> 31 != 0)
            tree.conditions.append(Float(bitPattern: nodes.littleEndian(at: start + 16) ?? 0))
        }
        return tree
    }

    /// Undoes the link that versions before 1 applied, so that it can be applied as for later ones.
    private static func probability(_ margin: Double, _ objective: String) -> Double {
        switch objective {
        case "reg:logistic", "binary:logistic": 1 / (1 + exp(-margin))
        case "count:poisson", "reg:gamma", "reg:tweedie", "survival:cox": exp(margin)
        default: margin
        }
    }
}
