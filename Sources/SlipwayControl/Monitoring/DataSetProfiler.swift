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
        let making = ProfileInTheMaking(signature, names: rows.columnNames, hasLabels: labels != nil)
        while let (block, fraction) = try await files.queue.run({ try rows.next(batch, byteCount: Self.pieceByteCount) }
        ) {
            try Task.checkCancellation()
            let inputs = try block.tensors(0..<block.count)
            let outputs = try await model.predict { inputs }
            // Counting takes a while, and sorting at the end longer: not where requests are served.
            try await files.queue.run { try making.add(block, inputs, outputs) }
            progress(fraction)
        }
        let clock = clock
        return try await files.queue.run { try making.finish(at: clock()) }
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
