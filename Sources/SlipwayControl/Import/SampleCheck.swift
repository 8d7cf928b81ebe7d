// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine
import SlipwayFormats
import SlipwayWire

/// Runs sample rows through a loaded model, and compares its answers with what is expected of them.
struct SampleCheck: Sendable {
    /// How far a score may lie from what is expected where nothing else is said: single precision keeps seven digits,
    /// and sums over a few hundred terms lose two of them.
    static let usualTolerance = 1e-5
    static let pieceByteCount = 8 << 20
    private static let batch = 64

    let samples: String
    let expected: String?
    let tolerance: Double
    /// Class names by output.
    let labels: [String: [String]]

    /// The check that is asked for, or that files beside the model stand for; `nil` where there is none.
    ///
    /// - Parameter folder: The model's own folder: `samples.csv` and `expected.csv` there are its samples.
    /// - Throws: ``ControlError`` `invalidRequest` for expected answers without samples.
    init?(_ request: ImportRequest, folder: String?, labels: [String: [String]]) throws(ControlError) {
        let beside = folder.flatMap(Self.files)
        guard let samples = request.samples ?? beside?.samples else {
            guard request.expected == nil else {
                throw ControlError(.invalidRequest, "expected answers need the rows they are of: give --samples too")
            }
            return nil
        }
        let tolerance = request.options.tolerance ?? Self.usualTolerance
        guard tolerance.isFinite, tolerance >= 0 else {
            throw ControlError(.invalidRequest, "the tolerance is \(tolerance), expected 0 or more")
        }
        self.samples = samples
        expected = request.expected ?? (request.samples == nil ? beside?.expected : nil)
        self.tolerance = tolerance
        self.labels = labels
    }

    /// Whether a file of a model's folder holds samples, and so is no model.
    static func isSampleFile(_ name: String) -> Bool {
        (name.hasPrefix("samples.") || name.hasPrefix("expected.")) && isReadable(name)
    }

    private static func isReadable(_ name: String) -> Bool {
        DataFormat(path: name) != nil || name.lowercased().hasSuffix(".json")
    }

    private static func files(in folder: String) -> (samples: String, expected: String?)? {
        guard let names = try? FileFacts.names(in: folder),
            let samples = names.first(where: { $0.hasPrefix("samples.") && isReadable($0) })
        else { return nil }
        let expected = names.first { $0.hasPrefix("expected.") && DataFormat(path: $0) != nil }
        return (folder + "/" + samples, expected.map { folder + "/" + $0 })
    }

    /// Runs every row; blocks.
    ///
    /// - Throws: ``ControlError`` `unexpectedAnswer` naming rows and values; what reading or the model throws.
    func run(_ model: any TensorModel) throws -> ImportReportDTO.Samples {
        var feed = try SampleFeed(
            samples, model.signature, batch: min(Self.batch, model.maximumBatchSize ?? Self.batch))
        var answers: ExpectedAnswers?
        var comparison = AnswerComparison(tolerance: tolerance)
        var done = 0
        while let piece = try feed.next() {
            let outputs = try Self.answers(of: model, to: piece.inputs, rows: piece.rows)
            if done == 0, let expected { answers = try open(expected, outputs, rows: piece.rows) }
            if let wanted = try answers?.next(piece.rows), let columns = answers?.columns {
                guard wanted.rows == piece.rows else {
                    throw ControlError(
                        .unexpectedAnswer, "the samples have more rows than the \(done + wanted.rows) expected answers")
                }
                for (column, values) in zip(columns, wanted.values) {
                    try comparison.compare(
                        outputs[column.output].tensor, with: values, of: column, rows: piece.rows, firstRow: done)
                }
            }
            done += piece.rows
        }
        guard done > 0 else { throw ControlError(.invalidRequest, "the samples have no rows") }
        try comparison.requireSame()
        if try answers?.hasMore() == true {
            throw ControlError(.unexpectedAnswer, "there are more expected answers than the \(done) rows of samples")
        }
        return ImportReportDTO.Samples(
            rows: done, compared: answers?.compared ?? [], largestDifference: comparison.largestDifference)
    }

    private func open(_ path: String, _ outputs: NamedTensors, rows: Int) throws -> ExpectedAnswers {
        let specs = outputs.map { output in
            TensorSpec(
                name: output.name, elementType: output.tensor.elementType,
                shape: [.dynamic] + output.tensor.shape.dimensions.dropFirst().map { .fixed($0) })
        }
        let widths = outputs.map { ($0.name, rows == 0 ? 0 : $0.tensor.count / rows) }
        return try ExpectedAnswers(
            path, outputs: specs, labels: labels, widths: Dictionary(widths) { first, _ in first })
    }

    private static func answers(of model: any TensorModel, to inputs: NamedTensors, rows: Int) throws -> NamedTensors {
        var inputs = inputs
        // A model of a fixed batch gets its last row again and again, and the answers to those are dropped.
        let fixed = model.maximumBatchSize.flatMap { $0 > rows ? $0 : nil }
        if let fixed {
            var padded = NamedTensors()
            for input in inputs { padded.append(try input.tensor.padded(to: fixed), named: input.name) }
            inputs = padded
        }
        try model.signature.check(inputs)
        let outputs = try model.predict(inputs, requestedOutputs: nil, cancellation: CancellationFlag()).outputs
        guard fixed != nil else { return outputs }
        var kept = NamedTensors()
        for output in outputs {
            kept.append(
                output.tensor.shape.dimensions.first == fixed ? try output.tensor.rows(0..<rows) : output.tensor,
                named: output.name)
        }
        return kept
    }
}

/// Sample rows, some at a time.
private struct SampleFeed {
    private var rows: (any RowSource)?
    private var whole: NamedTensors?
    private let batch: Int

    init(_ path: String, _ signature: ModelSignature, batch: Int) throws {
        self.batch = batch
        if let format = DataFormat(path: path) {
            rows = try format.open(try FileSource(path: path), for: signature)
        } else {
            whole = try PredictionInput.file(path).tensors(for: signature)
        }
    }

    mutating func next() throws -> (inputs: NamedTensors, rows: Int)? {
        if var source = rows {
            let block = try source.next(batch, byteCount: SampleCheck.pieceByteCount)
            rows = source
            return try block.map { (try $0.tensors(0..<$0.count), $0.count) }
        }
        guard let all = whole else { return nil }
        whole = nil
        return (all, all.first?.tensor.shape.dimensions.first ?? 1)
    }
}
