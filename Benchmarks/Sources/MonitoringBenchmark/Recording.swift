// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SlipwayCore

/// A table as `detection.py` writes it: commas, no quotes, and a header of `NAME:KIND`.
///
/// Kinds: `time` and `label_time` in milliseconds since 1970, `score` of the second of two classes, `label` 0 or 1,
/// `number` and `text` for features. An empty field is missing.
struct Recording {
    struct Column {
        let name: String
        let kind: String
    }

    let columns: [Column]
    let rows: [[Substring]]

    init(path: String) throws {
        let text = String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
        var lines = text.split(separator: "\n")
        guard !lines.isEmpty else { throw ReplayError(message: "\(path) is empty") }
        columns = try lines.removeFirst().split(separator: ",").map { field in
            let parts = field.split(separator: ":")
            guard parts.count == 2 else { throw ReplayError(message: "'\(field)' is no NAME:KIND") }
            return Column(name: String(parts[0]), kind: String(parts[1]))
        }
        let width = columns.count
        rows = try lines.map { line in
            let fields = line.split(separator: ",", omittingEmptySubsequences: false)
            guard fields.count == width else {
                throw ReplayError(message: "a row has \(fields.count) of \(width) fields")
            }
            return fields
        }
    }

    /// The values of a kind there is one column of; `nil` where there is none.
    func values(_ kind: String) -> [Double?]? {
        columns.firstIndex { $0.kind == kind }.map { index in rows.map { Double($0[index]) } }
    }

    /// The features of some rows, each a column `[rows, 1]`.
    func inputs(_ range: Range<Int>) throws -> NamedTensors {
        var tensors = NamedTensors()
        for (index, column) in columns.enumerated() {
            let fields = rows[range].map { $0[index] }
            switch column.kind {
            case "number":
                let values = fields.map { Double($0) ?? .nan }
                tensors.append(try Tensor(values, shape: Shape([range.count, 1])), named: column.name)
            case "text":
                tensors.append(try Tensor(fields.map(String.init), shape: Shape([range.count, 1])), named: column.name)
            default:
                break
            }
        }
        return tensors
    }

    /// Scores of both classes; none where the recording has no scores.
    func outputs(_ range: Range<Int>, scores: [Double?]?) throws -> NamedTensors {
        guard let scores else { return NamedTensors() }
        let pairs: [Double] = scores[range].flatMap { score in [1 - (score ?? 0), score ?? 0] }
        return ["probabilities": try Tensor(pairs, shape: Shape([range.count, 2]))]
    }
}

struct ReplayError: Error, CustomStringConvertible {
    let message: String
    var description: String { message }
}
