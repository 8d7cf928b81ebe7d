// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayCore
import SlipwayFormats
import SlipwayMonitoring
import SlipwayRegistry
import SlipwayStorage
import SlipwayTestKit
import Synchronization

/// A capture log in a folder of its own, with a clock that stands still and a disk that can be filled.
final class CaptureRig: Sendable {
    let folder: TemporaryFolder
    let clock = ManualWallClock()
    let store: CaptureStore
    let writer: CaptureWriter

    init(
        spec: CaptureSpec = CaptureSpec(rate: .all), limits: CaptureLimits = CaptureLimits(),
        fileWriter: FileWriter? = nil
    ) throws {
        let folder = try TemporaryFolder()
        self.folder = folder
        let disk = DiskBox()
        let fallback = FileWriter { descriptor, bytes in
            disk.isFull ? .failed(ENOSPC) : FileWriter.system.write(descriptor, bytes)
        }
        box = disk
        store = CaptureStore(root: folder.path + "/capture", writer: fileWriter ?? fallback)
        writer = CaptureWriter(store: store, limits: limits, clock: clock.reading, ticks: false)
        writer.configure(["fraud": spec])
    }

    private let box: DiskBox

    final class DiskBox: Sendable {
        private let state = Mutex(false)
        var isFull: Bool {
            get { state.withLock { $0 } }
            set { state.withLock { $0 = newValue } }
        }
    }

    func fillDisk(_ isFull: Bool) { box.isFull = isFull }

    var path: String { folder.path + "/capture/fraud" }

    /// A request of `rows` rows with three features, a text and a score.
    static func prediction(
        _ id: String?, rows: Int = 1, endpoint: String = "fraud", at: Int64 = 0, name: String = "ann",
        parameters: [String: ParameterValue] = [:]
    ) throws -> PredictionObservation {
        let features = (0..<(rows * 3)).map { Float($0) }
        return PredictionObservation(
            requestID: id, endpoint: endpoint, version: VersionID(model: "fraud", number: 3), route: .primary,
            at: Timestamp(milliseconds: 1_700_000_000_000 + at),
            inputs: [
                "x": try Tensor(features, shape: [rows, 3]),
                "name": try Tensor(Array(repeating: name, count: rows), shape: [rows]),
            ],
            outputs: ["score": try Tensor((0..<rows).map { Double($0) / 2 }, shape: [rows])],
            parameters: parameters, rows: rows, total: .milliseconds(12))
    }

    func sealed() async throws -> [CaptureFacts] {
        try await store.segments(of: "fraud").filter { $0.file.state == .sealed }
    }

    /// The ids in all sealed segments, one for each row.
    func ids() async throws -> [String] {
        var ids: [String] = []
        for facts in try await sealed() {
            var table = try ArrowTable(FileSource(path: path + "/" + facts.file.name), readsInstants: true)
            var row = 0
            while row < table.count {
                let range = table.reach(from: row, byteCount: .max)
                ids += try table.read(range, columns: [0])[0].tensor(0..<range.count).strings ?? []
                row = range.upperBound
            }
        }
        return ids
    }

    /// Whether a text occurs in any file of the home.
    func diskHolds(_ text: String) throws -> Bool {
        let pattern = Array(text.utf8)
        for name in try PosixFolder.names(in: path) {
            let bytes = try TemporaryFolder.contents(of: path + "/" + name)
            for start in bytes.indices where bytes[start] == pattern[0] {
                if bytes[start...].starts(with: pattern) { return true }
            }
        }
        return false
    }
}

extension CaptureWriter {
    func offer(_ prediction: PredictionObservation) {
        PredictionBatch([prediction]).withPredictions { offer($0, of: prediction.endpoint) }
    }
}
