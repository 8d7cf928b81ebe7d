// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SlipwayControl
import SlipwayCore
import SlipwayEngine
import SlipwayFormats
import SlipwayRegistry
import SlipwayTestKit
import Synchronization
import Testing

/// Answers `y = x + 1` for a column of float32 `x`.
private struct PlusOne: ScoringModel {
    let signature: ModelSignature
    var version = "m:1"
    var maximumBatchSize: Int?
    let parallelCalls = 3
    let calls = Counter()

    init(shape: [Dimension] = [.symbolic("b"), .fixed(1)]) {
        signature = ModelSignature(
            inputs: [TensorSpec(name: "x", elementType: .float32, shape: shape)],
            outputs: [TensorSpec(name: "y", elementType: .float32, shape: shape)])
    }

    func predict(_ inputs: @escaping @Sendable () throws -> NamedTensors) async throws -> NamedTensors {
        let tensors = try inputs()
        try signature.check(tensors)
        calls.add(tensors["x"]?.shape.dimensions.first ?? 0)
        // Calls come back in another order than they were sent.
        if calls.values.count.isMultiple(of: 2) { await Task.yield() }
        let x = tensors["x"]?.values(as: Float.self) ?? []
        if x.contains(-1) { throw EngineError(code: .executionFailed, message: "the model fails on -1") }
        return ["y": try Tensor(x.map { $0 + 1 }, shape: tensors["x"]?.shape ?? [])]
    }

    func close() async {}
}

private final class Counter: Sendable {
    private let state = Mutex<[Int]>([])
    var values: [Int] { state.withLock { $0 } }
    func add(_ value: Int) { state.withLock { $0.append(value) } }
}

private struct Crash: Error {}

@Suite("Scoring a data set")
struct OfflineScoringTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Rows of `id,x`, the ids texts with what CSV must quote.
    private func table(_ rows: Int, bad: Set<Int> = []) throws -> String {
        var text = "id,x\n"
        for row in 0..<rows { text += "\"r,\(row)\",\(bad.contains(row) ? "oops" : "\(row)")\n" }
        return try folder.file("rows\(rows)-\(bad.count).csv", Array(text.utf8))
    }

    private func text(_ path: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
    }

    private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    private func job(_ data: String, _ output: String, batch: Int? = 7) -> OfflineScoring.Job {
        var job = OfflineScoring.Job(data: data)
        job.output = folder.path + "/" + output
        job.format = ScoreFormat(path: output) ?? .jsonLines
        job.batch = batch
        return job
    }

    @Test("answers every row in order, with its number and the columns to keep")
    func order() async throws {
        var job = try job(table(100), "out.csv")
        job.keep = ["id"]
        let report = try await OfflineScoring(model: PlusOne(), job: job).run { _ in }
        #expect(report == OfflineScoring.Report(rows: 100, skipped: 0, resumedFrom: 0, isComplete: true))
        let lines = try text(folder.path + "/out.csv").split(separator: "\n")
        #expect(lines.first == "row,id,y")
        #expect(lines.dropFirst() == (0..<100).map { "\($0),\"r,\($0)\",\($0 + 1).0" }[...])
        #expect(!exists(folder.path + "/out.csv.part") && !exists(folder.path + "/out.csv.progress"))
    }

    @Test("JSON lines hold objects")
    func jsonLines() async throws {
        var job = try job(table(3), "out.jsonl")
        job.keep = ["id"]
        _ = try await OfflineScoring(model: PlusOne(), job: job).run { _ in }
        let expected = (0..<3).map { "{\"row\":\($0),\"id\":\"r,\($0)\",\"y\":[\($0 + 1).0]}\n" }.joined()
        #expect(try text(folder.path + "/out.jsonl") == expected)
    }

    @Test(
        "work that crashed anywhere goes on to the very bytes of work that did not",
        arguments: [0, 1, 2, 5, 9, 14], [0, 1_000_000])
    func crashes(after pieces: Int, interval: Int) async throws {
        let data = try table(101, bad: [17, 60])
        var whole = job(data, "whole.csv")
        whole.skipsFailures = true
        _ = try await OfflineScoring(model: PlusOne(), job: whole).run { _ in }
        var job = job(data, "out.csv")
        job.skipsFailures = true
        // Every piece is journaled, or the first alone.
        let interval = Duration.seconds(interval)
        let seen = Counter()
        await #expect(throws: Crash.self) {
            _ = try await OfflineScoring(model: PlusOne(), job: job, interval: interval).run { _ in
                seen.add(1)
                if seen.values.count > pieces { throw Crash() }
            }
        }
        // What lies behind the journal's mark, half a line of it, does not stay.
        let part = folder.path + "/out.csv.part"
        try Data(try text(part).utf8 + Array("garb".utf8)).write(to: URL(filePath: part))
        let report = try await OfflineScoring(model: PlusOne(), job: job, interval: interval).run { _ in }
        #expect(report.isComplete && report.rows == 99 && report.skipped == 2)
        #expect(report.resumedFrom == (interval == .zero ? min((pieces + 1) * 7, 101) : 7))
        #expect(try text(folder.path + "/out.csv") == text(folder.path + "/whole.csv"))
        #expect(try text(folder.path + "/out.csv.errors.jsonl") == text(folder.path + "/whole.csv.errors.jsonl"))
    }

    @Test("a stop finishes what is under way, and the same command goes on")
    func stop() async throws {
        let job = try job(table(100), "out.jsonl")
        let flag = CancellationFlag()
        let first = try await OfflineScoring(model: PlusOne(), job: job).run(stop: flag) { _ in flag.cancel() }
        #expect(!first.isComplete && first.rows > 0 && first.rows < 100)
        #expect(!exists(folder.path + "/out.jsonl") && exists(folder.path + "/out.jsonl.progress"))
        let second = try await OfflineScoring(model: PlusOne(), job: job).run { _ in }
        #expect(second.isComplete && second.rows == 100 && second.resumedFrom == first.rows)
        #expect(try text(folder.path + "/out.jsonl").split(separator: "\n").count == 100)
    }

    @Test("the shards of a data set make up all of it, once")
    func shards() async throws {
        let data = try table(5000)
        var rows: [Int] = []
        for number in 1...3 {
            var job = job(data, "part\(number).csv", batch: nil)
            job.shard = try Shard(parsing: "\(number)/3")
            _ = try await OfflineScoring(model: PlusOne(), job: job).run { _ in }
            let lines = try text(folder.path + "/part\(number).csv").split(separator: "\n").dropFirst()
            rows += lines.compactMap { Int($0.prefix { $0 != "," }) }
        }
        #expect(rows.sorted() == Array(0..<5000))
    }

    @Test("a bad row ends the work at its line, everything before it stays, and skipping it goes on")
    func badRow() async throws {
        var job = try job(table(50, bad: [30]), "out.csv")
        let error = await #expect(throws: ControlError.self) {
            try await OfflineScoring(model: PlusOne(), job: job).run { _ in }
        }
        // The heads are line 1.
        #expect(error?.message.contains("line 32") == true)
        job.skipsFailures = true
        let report = try await OfflineScoring(model: PlusOne(), job: job).run { _ in }
        #expect(report == OfflineScoring.Report(rows: 49, skipped: 1, resumedFrom: 28, isComplete: true))
        let errors = try text(folder.path + "/out.csv.errors.jsonl")
        #expect(errors.hasPrefix("{\"row\":30,\"line\":32,\"error\":") && errors.hasSuffix("\n"))
    }

    @Test("a row over which the engine fails is found, too")
    func engineFailure() async throws {
        let data = try folder.file("e.jsonl", Array("[1]\n[-1]\n[3]\n".utf8))
        var job = job(data, "out.jsonl")
        job.skipsFailures = true
        let report = try await OfflineScoring(model: PlusOne(), job: job).run { _ in }
        #expect(report.rows == 2 && report.skipped == 1)
    }

    @Test("unfinished work is not mixed with other work")
    func changed() async throws {
        let data = try table(50)
        var job = job(data, "out.csv")
        let crash: @Sendable (Double) throws -> Void = { _ in throw Crash() }
        await #expect(throws: Crash.self) {
            _ = try await OfflineScoring(model: PlusOne(), job: job, interval: .zero).run(progress: crash)
        }
        var other = PlusOne()
        other.version = "m:2"
        await #expect(throws: ControlError.self) { try await OfflineScoring(model: other, job: job).run { _ in } }
        job.batch = 8
        await #expect(throws: ControlError.self) { try await OfflineScoring(model: PlusOne(), job: job).run { _ in } }
        job.batch = 7
        try Data("id,x\na,1\n".utf8).write(to: URL(filePath: data))
        let error = await #expect(throws: ControlError.self) {
            try await OfflineScoring(model: PlusOne(), job: job).run { _ in }
        }
        #expect(error?.message.contains("changed") == true && error?.message.contains("--restart") == true)
        job.restarts = true
        #expect(try await OfflineScoring(model: PlusOne(), job: job).run { _ in }.rows == 1)
        // What is finished is not written over, either.
        job.restarts = false
        await #expect(throws: ControlError.self) { try await OfflineScoring(model: PlusOne(), job: job).run { _ in } }
    }

    @Test(
        "unfinished work whose errors or results were cut short is not gone on with",
        arguments: [".errors.jsonl", ".part"])
    func shortened(ending: String) async throws {
        var job = try job(table(50, bad: [3]), "out.csv")
        job.skipsFailures = true
        let crash: @Sendable (Double) throws -> Void = { _ in throw Crash() }
        await #expect(throws: Crash.self) {
            _ = try await OfflineScoring(model: PlusOne(), job: job, interval: .zero).run(progress: crash)
        }
        try FileManager.default.removeItem(atPath: folder.path + "/out.csv" + ending)
        let error = await #expect(throws: ControlError.self) {
            try await OfflineScoring(model: PlusOne(), job: job).run { _ in }
        }
        #expect(error?.code == .changedOnDisk && error?.message.contains(ending) == true)
        job.restarts = true
        #expect(try await OfflineScoring(model: PlusOne(), job: job).run { _ in }.skipped == 1)
    }

    @Test("a model of a fixed batch gets its last rows padded")
    func fixedBatch() async throws {
        var model = PlusOne(shape: [.fixed(4), .fixed(1)])
        model.maximumBatchSize = 4
        let report = try await OfflineScoring(model: model, job: job(table(10), "out.csv", batch: nil)).run { _ in }
        #expect(report.rows == 10)
        #expect(model.calls.values == [4, 4, 4])
        #expect(try text(folder.path + "/out.csv").split(separator: "\n").last == "9,10.0")
    }

    @Test("npz, npy and compressed npz give what CSV gives", arguments: ["a.npz", "z.npz", "a.npy"])
    func arrays(name: String) async throws {
        let x = try Tensor((0..<100).map(Double.init), shape: [100, 1])
        let bytes =
            name == "a.npy"
            ? try NumpyWriter.bytes(of: x) : try NumpyArchive.bytes(of: ["x": x], isCompressed: name == "z.npz")
        let job = job(try folder.file(name, bytes), "out.csv")
        let crash: @Sendable (Double) throws -> Void = { if $0 > 0.5 { throw Crash() } }
        await #expect(throws: Crash.self) {
            _ = try await OfflineScoring(model: PlusOne(), job: job, interval: .zero).run(progress: crash)
        }
        _ = try await OfflineScoring(model: PlusOne(), job: job).run { _ in }
        let expected = "row,y\n" + (0..<100).map { "\($0),\($0 + 1).0\n" }.joined()
        #expect(try text(folder.path + "/out.csv") == expected)
    }

    @Test("columns that are missing, or too many, are named before the first call")
    func columns() async throws {
        let model = PlusOne()
        for (index, (text, word)) in [("a,b\n1,2\n", "'b'"), ("1,2\n3,4\n", "2 columns")].enumerated() {
            let job = job(try folder.file("c\(index).csv", Array(text.utf8)), "out\(index).csv")
            let error = await #expect(throws: ControlError.self) {
                try await OfflineScoring(model: model, job: job).run { _ in }
            }
            #expect(error?.message.contains(word) == true)
        }
        #expect(model.calls.values.isEmpty)
    }
}
