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
    /// Of ONNX's test data: they were made by other runtimes, and the tests of ONNX allow as much.
    static let usualTestDataTolerance = 1e-3
    static let pieceByteCount = 8 << 20
    private static let batch = 64

    let files: SampleFiles
    let tolerance: Double
    /// Class names by output.
    let labels: [String: [String]]

    /// - Parameter tolerance: `nil` for the usual one.
    /// - Throws: ``ControlError`` `invalidRequest` for a tolerance that cannot be.
    init(_ files: SampleFiles, tolerance: Double?, labels: [String: [String]]) throws(ControlError) {
        let usual = if case .testData = files { Self.usualTestDataTolerance } else { Self.usualTolerance }
        let tolerance = tolerance ?? usual
        guard tolerance.isFinite, tolerance >= 0 else {
            throw ControlError(.invalidRequest, "the tolerance is \(tolerance), expected 0 or more")
        }
        self.files = files
        self.tolerance = tolerance
        self.labels = labels
    }

    /// Runs every sample; blocks.
    ///
    /// - Throws: ``ControlError`` `unexpectedAnswer` naming rows and values; what reading or the model throws.
    func run(_ model: any TensorModel) throws -> ImportReportDTO.Samples {
        switch files {
        case .rows(let samples, let expected): try run(model, rows: samples, expected: expected)
        case .testData(let sets): try run(model, sets)
        }
    }

    /// Runs every sample through the model that an engine loaded.
    ///
    /// - Throws: ``ControlError`` `invalidRequest` where there is none, or one of language.
    func run(in trial: EngineTrial.Outcome) async throws -> ImportReportDTO.Samples {
        guard let model = trial.model else {
            throw ControlError(
                .invalidRequest,
                "samples are run through models of tensors that an engine here has loaded: leave --samples out")
        }
        return try await LoaderThread.run { try run(model) }
    }

    private func run(_ model: any TensorModel, _ sets: [ONNXTestData]) throws -> ImportReportDTO.Samples {
        var comparison = AnswerComparison(tolerance: tolerance)
        var (rows, compared): (Int, [String]) = (0, [])
        for set in sets {
            let inputs = try set.readInputs(for: model.signature)
            let count = inputs.first?.tensor.shape.dimensions.first ?? 1
            let answers = try Self.answers(of: model, to: inputs, rows: count)
            for (name, wanted) in try set.readOutputs(names: answers.map(\.name)) {
                guard let answer = answers[name] else { continue }
                try comparison.compare(answer, with: wanted, of: name, in: set.name)
                if !compared.contains(name) { compared.append(name) }
            }
            rows += count
        }
        try comparison.requireSame()
        return ImportReportDTO.Samples(
            rows: rows, compared: compared, largestDifference: comparison.largestDifference)
    }

    private func run(
        _ model: any TensorModel, rows samples: String, expected: String?
    ) throws -> ImportReportDTO.Samples {
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

    /// A model's answers to some rows.
    static func answers(of model: any TensorModel, to inputs: NamedTensors, rows: Int) throws -> NamedTensors {
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
