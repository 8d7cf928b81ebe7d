// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc
import SlipwayCore
import SlipwayFormats
import SlipwayRegistry
import SlipwayStorage
import SlipwayTestKit
import Synchronization
import Testing

@Suite("Captured requests")
struct CaptureWriterTests {
    @Test("lie in a checked Arrow file with inputs, outputs and context, a row for each of theirs")
    func contents() async throws {
        let rig = try CaptureRig()
        rig.writer.offer(
            try CaptureRig.prediction("r1", rows: 2, at: 5, parameters: ["b": .int(7), "a": .string("x\"y\n")]))
        rig.writer.flush()
        let segments = try await rig.sealed()
        try #require(segments.count == 1)
        #expect(segments[0].rows == 2)
        var bytes: [UInt8] = []
        let collected = Mutex<[UInt8]>([])
        try await rig.store.read(segments[0].file.name, of: "fraud") { piece in
            collected.withLock { $0 += piece }
        }
        bytes = collected.withLock { $0 }
        #expect(bytes == (try TemporaryFolder.contents(of: rig.path + "/" + segments[0].file.name)))
        var table = try ArrowTable(MemorySource(bytes), readsInstants: true)
        let names = table.fields.map(\.name)
        #expect(
            names == [
                "request_id", "row", "rows", "is_batch", "at", "version", "route", "total_ms", "parameters", "input.x",
                "input.name", "output.score",
            ])
        let read = try table.read(0..<2, columns: Array(names.indices))
        #expect(try read[0].tensor(0..<2).strings == ["r1", "r1"])
        #expect(try read[1].tensor(0..<2).values(as: Int32.self) == [0, 1])
        #expect(try read[4].tensor(0..<1).values(as: Int64.self) == [1_700_000_000_005])
        #expect(try read[5].tensor(0..<1).strings == ["fraud:3"])
        #expect(try read[7].tensor(0..<1).values(as: Double.self) == [12])
        #expect(try read[8].tensor(0..<1).strings == [#"{"a":"x\"y\u000a","b":7}"#])
        #expect(try read[9].tensor(0..<2).values(as: Float.self) == [0, 1, 2, 3, 4, 5])
        #expect(try read[10].tensor(0..<2).strings == ["ann", "ann"])
        #expect(try read[11].tensor(0..<2).values(as: Double.self) == [0, 0.5])
    }

    @Test("of several kinds share a log, each kind in segments of its own")
    func shapes() async throws {
        let rig = try CaptureRig()
        for index in 0..<6 {
            if index % 2 == 0 {
                rig.writer.offer(try CaptureRig.prediction("a\(index)"))
            } else {
                let half = try Tensor([BFloat16(1.5), BFloat16(-2)], shape: [1, 1, 2])
                let raw = try Tensor(elementType: .bytes, shape: [1], storage: BytesLayout.pack([[0xFF, 0]]))
                rig.writer.offer(
                    PredictionObservation(
                        requestID: "b\(index)", endpoint: "fraud", version: VersionID(model: "m", number: 1),
                        route: .canary, at: rig.clock.now, inputs: ["h": half, "raw": raw], outputs: [:],
                        parameters: [:], rows: 1, total: .zero))
            }
        }
        rig.writer.flush()
        #expect(try await rig.sealed().map(\.rows).sorted() == [3, 3])
        #expect(try await rig.ids().sorted() == ["a0", "a2", "a4", "b1", "b3", "b5"])
    }

    @Test("are all kept or counted as dropped under twice what the disk takes")
    func overload() async throws {
        // The disk waits for a permit before each write, so the queue fills whatever the machine's speed.
        let permits = DispatchSemaphore(value: 0)
        let slow = FileWriter { descriptor, bytes in
            permits.wait()
            permits.signal()
            return FileWriter.system.write(descriptor, bytes)
        }
        var limits = CaptureLimits()
        limits.queuedRequests = 500
        let rig = try CaptureRig(limits: limits, fileWriter: slow)
        for index in 0..<1200 { rig.writer.offer(try CaptureRig.prediction("r\(index)")) }
        let before = rig.writer.captured(of: "fraud")
        #expect(before.offered == 1200)
        // At most the batch that the thread took and one queue full; the rest was refused at once.
        #expect((before.dropped[.queueFull] ?? 0) >= 200)
        #expect(before.kept == 0)
        permits.signal()
        rig.writer.flush()
        let after = rig.writer.captured(of: "fraud")
        #expect(after.kept + (after.dropped[.queueFull] ?? 0) == 1200)
        #expect(after.pending == 0)
        #expect(try await rig.ids().count == after.kept)
        #expect(rig.writer.counts(of: "fraud")["kept"] == after.kept)
    }

    @Test("are bounded in bytes, one alone too")
    func bytes() throws {
        var limits = CaptureLimits()
        limits.requestBytes = 2000
        let rig = try CaptureRig(limits: limits)
        rig.writer.offer(try CaptureRig.prediction("huge", rows: 500))
        rig.writer.offer(try CaptureRig.prediction("small"))
        rig.writer.flush()
        let counts = rig.writer.captured(of: "fraud")
        #expect(counts.dropped == [.tooLarge: 1])
        #expect(counts.kept == 1 && counts.offered == 2)
    }

    @Test("stop when the disk is full, say so, and go on when it has room again")
    func diskFull() async throws {
        let rig = try CaptureRig()
        rig.writer.offer(try CaptureRig.prediction("before"))
        rig.writer.flush()
        #expect(rig.writer.trouble == nil)
        rig.fillDisk(true)
        rig.writer.offer(try CaptureRig.prediction("lost"))
        rig.writer.flush()
        #expect(rig.writer.trouble?.contains("no room") == true)
        rig.writer.offer(try CaptureRig.prediction("while stopped"))
        #expect(rig.writer.captured(of: "fraud").dropped == [.diskFailed: 1, .stopped: 1])
        // Nothing half-written is left to fill the disk further.
        #expect(try await rig.store.segments(of: "fraud").count == 1)
        rig.fillDisk(false)
        rig.clock.advance(milliseconds: 10_000)
        rig.writer.tick()
        rig.writer.offer(try CaptureRig.prediction("after"))
        rig.writer.flush()
        #expect(rig.writer.trouble == nil)
        #expect(try await rig.ids() == ["before", "after"])
        let counts = rig.writer.captured(of: "fraud")
        #expect(counts.offered == 4 && counts.kept == 2 && counts.pending == 0)
    }

    @Test("are sealed after a while, without a request that would push them")
    func sealing() async throws {
        let rig = try CaptureRig()
        rig.writer.offer(try CaptureRig.prediction("r"))
        rig.writer.tick()
        #expect(try await rig.sealed().isEmpty)
        #expect(try await rig.store.segments(of: "fraud").map(\.file.state) == [.open])
        #expect(rig.writer.captured(of: "fraud").pending == 1)
        rig.clock.advance(milliseconds: 60_000)
        rig.writer.tick()
        #expect(try await rig.ids() == ["r"])
        #expect(rig.writer.captured(of: "fraud").pending == 0)
    }

    @Test("go when they are too old, or the oldest of too many bytes")
    func bounds() async throws {
        var spec = CaptureSpec(rate: .all)
        spec.maximumAgeSeconds = 3600
        spec.maximumBytes = 40_000
        let rig = try CaptureRig(spec: spec)
        for index in 0..<20 {
            rig.writer.offer(try CaptureRig.prediction("r\(index)", rows: 50))
            rig.writer.flush()
            rig.clock.advance(milliseconds: 61_000)
            rig.writer.tick()
        }
        let left = try await rig.sealed()
        #expect(left.reduce(0) { $0 + $1.file.byteCount } <= 40_000)
        #expect(!left.isEmpty && left.count < 20)
        // The newest are those that stayed.
        #expect(try await rig.ids().last == "r19")
        rig.clock.advance(milliseconds: 3_600_000)
        rig.writer.tick()
        #expect(try await rig.sealed().isEmpty)
    }

    @Test("without an id are drawn as well, about as many as the rate says")
    func anonymous() throws {
        let rig = try CaptureRig(spec: CaptureSpec(rate: try #require(Share(percent: 25))))
        for _ in 0..<2000 { rig.writer.offer(try CaptureRig.prediction(nil)) }
        let counts = rig.writer.captured(of: "fraud")
        #expect(counts.offered + counts.passedOver == 2000)
        // Four standard deviations of 2,000 draws at 1/4 are 77.
        #expect(abs(counts.offered - 500) < 78)
    }

    @Test("of endpoints that are not captured are not even counted")
    func others() throws {
        let rig = try CaptureRig()
        rig.writer.offer(try CaptureRig.prediction("r", endpoint: "other"))
        #expect(rig.writer.captured(of: "other") == CaptureCounts())
    }
}
