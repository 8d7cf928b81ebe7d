// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// A label and its score.
package struct ScoredClass: Sendable, Hashable {
    package var label: String
    package var score: Float

    package init(label: String, score: Float) {
        self.label = label
        self.score = score
    }
}

/// Finds in a model's outputs what TensorFlow Serving's classify and regress answer with.
///
/// SavedModels name their outputs `scores`, `classes` and `outputs`; models from elsewhere are understood by the
/// shapes and types of theirs.
package enum ExampleResults {
    /// The classes of each row, in the model's order.
    ///
    /// Scores are the floats `[rows, classes]` named `scores`, or the only ones there are. Labels are the texts or
    /// whole numbers of the same shape; else what is known of the scores' classes from the model file; else the
    /// classes' numbers. Without scores an output of labels alone gives them with a score of 0.
    ///
    /// - Parameter labels: Class names by output.
    /// - Throws: ``WireError`` `unsupported` for a model that is no classifier.
    package static func classes(
        _ outputs: NamedTensors, rows: Int, labels: [String: [String]]
    ) throws(WireError) -> [[ScoredClass]] {
        let tables = outputs.filter { $0.tensor.isTable(of: rows) }
        let scores = tables.filter { $0.tensor.isFloat && $0.tensor.shape.rank == 2 }
        let names = tables.filter { !$0.tensor.isFloat }
        if let output = scores.first(where: { $0.name == "scores" }) ?? only(scores) {
            return try classes(output, rows, names, known: labels[output.name] ?? [])
        }
        guard scores.isEmpty else {
            throw unsupported(
                "several outputs could be the scores, [\(scores.map(\.name).joined(separator: ", "))]: name one of "
                    + "them 'scores', or use predict")
        }
        guard let output = names.first(where: { $0.name == "classes" }) ?? only(names), let texts = output.tensor.texts
        else {
            throw unsupported(
                "classify needs an output of scores, floats [rows, classes], which this model has not: use predict"
                    + (tables.contains { $0.tensor.isFloat } ? " or regress" : ""))
        }
        let width = rows == 0 ? 0 : texts.count / rows
        return (0..<rows).map { row in
            texts[(row * width)..<((row + 1) * width)].map { ScoredClass(label: $0, score: 0) }
        }
    }

    private static func classes(
        _ scores: NamedTensors.Element, _ rows: Int, _ names: [NamedTensors.Element], known: [String]
    ) throws(WireError) -> [[ScoredClass]] {
        let width = scores.tensor.shape.dimensions[1]
        let same = names.filter { $0.tensor.shape == scores.tensor.shape }
        let texts = (same.first { $0.name == "classes" } ?? only(same))?.tensor.texts
        guard width != 1 || texts != nil || !known.isEmpty else {
            throw unsupported(
                "output '\(scores.name)' has one value for each row, which is no class's score: use regress")
        }
        let values = scores.tensor.floats
        return (0..<rows).map { row in
            (0..<width).map { column in
                let index = row * width + column
                let label = texts?[index] ?? (column < known.count ? known[column] : String(column))
                return ScoredClass(label: label, score: values[index])
            }
        }
    }

    /// The value of each row: of the float output named `outputs`, or of the only one with one value for each row.
    ///
    /// - Throws: ``WireError`` `unsupported` for a model that has none.
    package static func values(_ outputs: NamedTensors, rows: Int) throws(WireError) -> [Float] {
        let columns = outputs.filter { $0.tensor.isTable(of: rows) && $0.tensor.isFloat && $0.tensor.count == rows }
        guard let output = columns.first(where: { $0.name == "outputs" }) ?? only(columns) else {
            throw unsupported(
                columns.isEmpty
                    ? "regress needs an output of one float for each row, which this model has not: use predict or "
                        + "classify"
                    : "several outputs have one float for each row, [\(columns.map(\.name).joined(separator: ", "))]: "
                        + "name one of them 'outputs', or use predict")
        }
        return output.tensor.floats
    }

    private static func only<T>(_ list: [T]) -> T? { list.count == 1 ? list.first : nil }

    private static func unsupported(_ text: String) -> WireError { WireError(.invalidRequest, text) }
}

extension Tensor {
    fileprivate var isFloat: Bool {
        switch elementType {
        case .float16, .bfloat16, .float32, .float64: true
        default: false
        }
    }

    /// `[rows]` or `[rows, columns]`.
    fileprivate func isTable(of rows: Int) -> Bool {
        (1...2).contains(shape.rank) && shape.dimensions.first == rows
    }

    /// The elements of a float tensor.
    fileprivate var floats: [Float] {
        switch elementType {
        case .float16: (values(as: Float16.self) ?? []).map { Float($0) }
        case .bfloat16: (values(as: BFloat16.self) ?? []).map(\.float)
        case .float64: (values(as: Double.self) ?? []).map { Float($0) }
        default: values(as: Float.self) ?? []
        }
    }

    /// The elements of a tensor of texts or whole numbers as labels; `nil` for other types.
    fileprivate var texts: [String]? {
        switch elementType {
        case .bytes: strings
        case .int8: values(as: Int8.self)?.map { String($0) }
        case .int16: values(as: Int16.self)?.map { String($0) }
        case .int32: values(as: Int32.self)?.map { String($0) }
        case .int64: values(as: Int64.self)?.map { String($0) }
        case .uint8: values(as: UInt8.self)?.map { String($0) }
        case .uint16: values(as: UInt16.self)?.map { String($0) }
        case .uint32: values(as: UInt32.self)?.map { String($0) }
        case .uint64: values(as: UInt64.self)?.map { String($0) }
        default: nil
        }
    }
}
