// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
package import SlipwayEngine
import SlipwayFormats
package import SlipwayMonitoring
package import SlipwayRegistry
import Synchronization

/// Makes reference profiles by asking a version for every row of a data set.
package struct DataSetProfiler: ProfileMaker {
    private let prediction: LocalPrediction
    private let clock: @Sendable () -> Timestamp

    /// Rows of one call.
    private static let batch = 256
    private static let pieceByteCount = 8 << 20

    package init(
        store: any MetadataStore, artifacts: any ArtifactStore, engines: [any InferenceEngine],
        clock: @escaping @Sendable () -> Timestamp
    ) {
        prediction = LocalPrediction(store: store, artifacts: artifacts, engines: engines)
        self.clock = clock
    }

    package func profile(
        _ version: VersionID, path: String, name: String, labels: String?,
        progress: @escaping @Sendable (Double) -> Void
    ) async throws -> ReferenceProfile {
        guard let format = DataFormat(path: name) else {
            throw ControlError(
                .invalidRequest, "'\(name)' is read by rows when it ends in .csv, .jsonl, .npy, .npz or .arrow")
        }
        let model = try await prediction.scoringModel("\(version)")
        do {
            let profile = try await profile(model, path, format, labels, progress)
            await model.close()
            return profile
        } catch {
            await model.close()
            throw error
        }
    }

    private func profile(
        _ model: any ScoringModel, _ path: String, _ format: DataFormat, _ labels: String?,
        _ progress: @escaping @Sendable (Double) -> Void
    ) async throws -> ReferenceProfile {
        let signature = model.signature
        let batch = min(Self.batch, model.maximumBatchSize ?? Self.batch)
        let files = try LaneGroup(count: 1)
        defer { Task { await files.stop() } }
        let rows = try await files.queue.run {
            OpenRows(try format.open(try FileSource(path: path), for: signature, keep: labels.map { [$0] } ?? []))
        }
        var options = ProfileBuilder.Options()
        options.read(signature)
        options.names = rows.columnNames
        var builder = ProfileBuilder(options: options)
        var count = 0
        while true {
            try Task.checkCancellation()
            let piece = try await files.queue.run { try rows.next(batch, byteCount: Self.pieceByteCount) }
            guard let (block, fraction) = piece else { break }
            let range = 0..<block.count
            let inputs = try block.tensors(range)
            let outputs = try await model.predict { inputs }
            let truth = try labels.map { _ in try Self.labels(range, of: block, signature) }
            try builder.add(inputs: inputs, outputs: outputs, rows: block.count, labels: truth)
            count += block.count
            progress(fraction)
        }
        guard count > 0 else { throw ControlError(.invalidRequest, "the data has no rows to make a profile of") }
        return try builder.finish(at: clock())
    }
}

extension DataSetProfiler {
    /// The truth of some rows: numbers where the model predicts one, else names of classes.
    private static func labels(
        _ rows: Range<Int>, of block: any RowBlock, _ signature: ModelSignature
    ) throws -> ProfileLabels {
        let texts = try rows.map { text(try block.kept($0, 0)) }
        guard predictsNumber(signature) else { return .classes(texts.map(className)) }
        return .numbers(
            try zip(rows, texts).map { row, text in
                guard let number = Double(text) else {
                    let place = block.line(of: row).map { "line \($0)" } ?? "row \(block.firstRow + row)"
                    throw ControlError(.invalidRequest, "the label in \(place) is no number")
                }
                return number
            })
    }

    private static func text(_ kept: KeptValue) -> String {
        switch kept {
        case .text(let text): return String(decoding: text, as: UTF8.self)
        case .json(let json):
            let text = String(decoding: json, as: UTF8.self)
            guard text.count >= 2, text.hasPrefix("\""), text.hasSuffix("\"") else { return text }
            return String(text.dropFirst().dropLast())
        }
    }

    /// `1.0` is the class `1`: tables write whole numbers as they like.
    private static func className(_ text: String) -> String {
        guard let number = Double(text), let whole = Int(exactly: number) else { return text }
        return String(whole)
    }

    /// Whether the outputs are one floating-point number for each row.
    private static func predictsNumber(_ signature: ModelSignature) -> Bool {
        signature.outputs.allSatisfy { output in
            let isFloat = output.elementType == .float32 || output.elementType == .float64
            let isWide = output.shape?.dropFirst().contains { dimension in
                if case .fixed(1) = dimension { false } else { true }
            }
            return isFloat && isWide == false
        }
    }
}

/// A data set that is read on a thread of its own.
private final class OpenRows: Sendable {
    private let source: Mutex<any RowSource>

    let columnNames: [String: [String]]

    init(_ source: sending any RowSource) {
        columnNames = source.columnNames
        self.source = Mutex(source)
    }

    func next(_ count: Int, byteCount: Int) throws -> (any RowBlock, Double)? {
        try source.withLock { source in
            try source.next(count, byteCount: byteCount).map { ($0, source.fraction) }
        }
    }
}
