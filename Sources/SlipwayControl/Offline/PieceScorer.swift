// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine
import SlipwayWire

/// What became of some rows.
struct ScoredPiece: Sendable {
    /// Lines of results.
    var output: [UInt8] = []
    /// CSV columns of the answers; empty when no row was answered.
    var columns: [String] = []
    var rows = 0
    var failures: [RowFailure] = []
}

/// A row that could not be scored.
struct RowFailure: Sendable {
    let row: Int
    let line: Int?
    let message: String

    /// A line for the file of errors.
    var json: [UInt8] {
        var writer = JSONWriter()
        writer.object { json in
            json.member("row", row)
            if let line { json.member("line", line) }
            json.member("error", message)
        }
        return writer.bytes + [UInt8(ascii: "\n")]
    }

    var place: String { line.map { "line \($0)" } ?? "row \(row)" }
}

/// Scores one block of rows, and finds those that cannot be.
struct PieceScorer: Sendable {
    let model: any ScoringModel
    let encoder: ScoreEncoder
    /// Whether rows that fail are left out; otherwise the first ends the work.
    let skipsFailures: Bool

    /// - Throws: `ControlError` for a row that fails, unless those are skipped; whatever is not a row's fault.
    func score(_ block: any RowBlock) async throws -> ScoredPiece {
        var piece = ScoredPiece()
        try await score(0..<block.count, of: block, into: &piece)
        return piece
    }

    /// Scores rows together; where one of them fails, each half by itself.
    private func score(_ rows: Range<Int>, of block: any RowBlock, into piece: inout ScoredPiece) async throws {
        let mark = piece.output.count
        do {
            let outputs = try await answers(to: rows, of: block)
            let columns = encoder.format == .csv ? encoder.columns(of: outputs, rows: rows.count) : []
            guard piece.columns.isEmpty || piece.columns == columns else { throw Self.changedColumns }
            piece.columns = columns
            try encoder.append(outputs, of: rows, in: block, to: &piece.output)
            piece.rows += rows.count
        } catch  where Self.isRowsFault(error) {
            // A line may have been begun.
            piece.output.removeLast(piece.output.count - mark)
            guard rows.count == 1 else {
                let middle = rows.lowerBound + rows.count / 2
                try await score(rows.lowerBound..<middle, of: block, into: &piece)
                return try await score(middle..<rows.upperBound, of: block, into: &piece)
            }
            let failure = RowFailure(
                row: block.firstRow + rows.lowerBound, line: block.line(of: rows.lowerBound), message: "\(error)")
            guard skipsFailures else {
                throw ControlError(
                    .invalidRequest, "\(failure.place) cannot be scored (--on-error skip goes on without it)",
                    cause: error)
            }
            piece.failures.append(failure)
        }
    }

    /// The model's answers, each with as many rows as were asked or, for a single row, of any shape.
    private func answers(to rows: Range<Int>, of block: any RowBlock) async throws -> NamedTensors {
        // A model of a fixed batch gets its last row again and again, and the answers to those are dropped.
        let fixed = model.maximumBatchSize.flatMap { $0 > rows.count ? $0 : nil }
        let outputs = try await model.predict {
            let tensors = try block.tensors(rows)
            guard let fixed else { return tensors }
            var padded = NamedTensors()
            for element in tensors { padded.append(try element.tensor.padded(to: fixed), named: element.name) }
            return padded
        }
        let answered = fixed ?? rows.count
        var result = NamedTensors()
        for output in outputs {
            guard output.tensor.shape.dimensions.first == answered else {
                guard rows.count == 1, fixed == nil else {
                    throw ControlError(
                        .unsupportedAnswer,
                        "output '\(output.name)' has shape \(output.tensor.shape) for \(answered) rows, expected a "
                            + "first dimension of \(answered): score rows one at a time with --batch 1")
                }
                result.append(output.tensor, named: output.name)
                continue
            }
            result.append(
                fixed == nil ? output.tensor : try output.tensor.rows(0..<rows.count), named: output.name)
        }
        return result
    }

    private static var changedColumns: ControlError {
        ControlError(
            .unsupportedAnswer,
            "rows have answers of different lengths, which make no CSV: write results to a file named .jsonl")
    }

    /// Whether other rows may fare better: the input was wrong, or the engine failed over it.
    private static func isRowsFault(_ error: any Error) -> Bool {
        if let control = error as? ControlError, control.code == .unsupportedAnswer { return false }
        if let engine = error as? EngineError { return [.executionFailed, .inputMismatch].contains(engine.code) }
        return [.invalidInput, .unsupported].contains(ErrorTable.category(of: error))
    }
}
