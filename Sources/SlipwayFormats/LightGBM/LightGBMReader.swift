// SPDX-License-Identifier: Apache-2.0

/// Reads LightGBM's model text, versions 2 to 4: lines `key=value`, a block of them for each tree.
public enum LightGBMReader {
    /// Lines of large trees are long.
    private static let limits = TextLimits(rowByteCount: 256 << 20)
    private static let linesAtOnce = 64

    /// The model of a file, or of the text that a pickled `Booster` holds.
    ///
    /// - Throws: ``FormatError`` `malformed` or `truncated` with the line, `unsupported` for other versions.
    public static func read(_ source: any ByteSource) throws(FormatError) -> LightGBMModel {
        var stream = LineStream(source, limits: limits)
        var parser = LightGBMParser()
        var isFirst = true
        while true {
            let block = try stream.read(linesAtOnce, byteCount: 1 << 20)
            guard block.count > 0 else { break }
            for index in 0..<block.count {
                let line = block.bytes[block.range(of: index)]
                if isFirst {
                    guard line.elementsEqual("tree".utf8) else {
                        throw FormatError(
                            .malformed, "the file is not a LightGBM model: its first line is not 'tree'", at: "line 1")
                    }
                    isFirst = false
                    continue
                }
                do throws(FormatError) {
                    try parser.take(line)
                } catch {
                    throw error.located("line \(block.line(of: index))")
                }
            }
        }
        return try parser.finish()
    }
}

private struct LightGBMParser {
    private enum Part { case head, tree, tail }

    private var model = LightGBMModel()
    private var part = Part.head
    private var tree: LightGBMModel.Tree?
    private var hasFeatureCount = false

    mutating func take(_ line: ArraySlice<UInt8>) throws(FormatError) {
        if part == .tail {
            // `null`, or an empty list, unless there were such columns.
            let key = "pandas_categorical:"
            if line.starts(with: key.utf8) {
                let value = line.dropFirst(key.utf8.count)
                model.hasPandasCategories = value.contains(UInt8(ascii: "[")) && value.count > 2
            }
            return
        }
        if line.elementsEqual("end of trees".utf8) {
            try endTree()
            part = .tail
            return
        }
        let end = line.firstIndex(of: UInt8(ascii: "=")) ?? line.endIndex
        let key = String(decoding: line[..<end], as: UTF8.self)
        let value = end < line.endIndex ? line[(end + 1)...] : []
        if key == "Tree" {
            try endTree()
            part = .tree
            tree = LightGBMModel.Tree()
        } else if part == .tree {
            try takeTree(key, value)
        } else {
            try takeHead(key, value)
        }
    }

    consuming func finish() throws(FormatError) -> LightGBMModel {
        guard part == .tail else {
            throw FormatError(.truncated, "the LightGBM model ends before its line 'end of trees'; copy it again")
        }
        guard hasFeatureCount else { throw FormatError(.malformed, "the line 'max_feature_idx' is missing") }
        return model
    }

    private mutating func takeHead(_ key: String, _ value: ArraySlice<UInt8>) throws(FormatError) {
        switch key {
        case "version":
            model.version = String(decoding: value, as: UTF8.self)
            guard ["v2", "v3", "v4"].contains(model.version) else {
                throw FormatError(
                    .unsupported,
                    "LightGBM's model version '\(model.version.prefix(20))' is not read; v2 to v4 are: load the model "
                        + "in LightGBM 2.1 or later and save it with save_model")
            }
        case "num_class": model.classCount = try LightGBMNumbers.count(value)
        case "num_tree_per_iteration": model.treesPerIteration = try LightGBMNumbers.count(value)
        case "max_feature_idx":
            model.featureCount = try LightGBMNumbers.integer(value) + 1
            hasFeatureCount = model.featureCount >= 0 && model.featureCount < Int(Int32.max)
        case "objective": model.objective = words(value)
        case "average_output": model.isAveraged = true
        case "feature_names": model.featureNames = words(value)
        default: break
        }
    }

    private func words(_ value: ArraySlice<UInt8>) -> [String] {
        value.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
    }

    private mutating func takeTree(_ key: String, _ value: ArraySlice<UInt8>) throws(FormatError) {
        switch key {
        case "num_leaves": tree?.leafCount = try LightGBMNumbers.count(value)
        case "split_feature": tree?.features = try LightGBMNumbers.integers(value)
        case "threshold": tree?.thresholds = try LightGBMNumbers.doubles(value)
        case "decision_type": tree?.decisions = try LightGBMNumbers.integers(value)
        case "left_child": tree?.left = try LightGBMNumbers.integers(value)
        case "right_child": tree?.right = try LightGBMNumbers.integers(value)
        case "leaf_value": tree?.leafValues = try LightGBMNumbers.doubles(value)
        case "cat_boundaries": tree?.categoryBounds = try LightGBMNumbers.integers(value)
        case "cat_threshold":
            let numbers = try LightGBMNumbers.integers(value)
            let words = numbers.compactMap { UInt32(exactly: $0) }
            guard words.count == numbers.count else {
                throw FormatError(.malformed, "the sets of categories are not of numbers of 32 bits")
            }
            tree?.categoryWords = words
        case "is_linear": tree?.isLinear = try LightGBMNumbers.integer(value) != 0
        default: break
        }
    }

    private mutating func endTree() throws(FormatError) {
        guard var tree else { return }
        let splits = tree.leafCount - 1
        let hasSplits = splits > 0
        guard tree.leafCount > 0, tree.leafValues.count == tree.leafCount,
            !hasSplits
                || [
                    tree.features.count, tree.thresholds.count, tree.decisions.count, tree.left.count, tree.right.count,
                ]
                .allSatisfy({ $0 == splits })
        else {
            throw FormatError(
                .malformed, "the lists of Tree=\(model.trees.count) do not fit its \(tree.leafCount) leaves")
        }
        if hasSplits {
            var left = tree.categoryWords.count
            for node in 0..<splits where tree.isCategorical(node) { left -= tree.categoryRange(node)?.count ?? 0 }
            // LightGBM never does, and a small file could ask for all memory so.
            guard left >= 0 else {
                throw FormatError(.malformed, "splits of Tree=\(model.trees.count) share their sets of categories")
            }
        }
        if !hasSplits {
            // What a tree of one leaf lists beside it was not compared with anything.
            (tree.features, tree.thresholds, tree.decisions, tree.left, tree.right) = ([], [], [], [], [])
        }
        model.trees.append(tree)
        self.tree = nil
    }
}
