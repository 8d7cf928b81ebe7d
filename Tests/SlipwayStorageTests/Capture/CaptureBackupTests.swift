// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayCore
import SlipwayFormats
import SlipwayRegistry
import SlipwayStorage
import SlipwayTestKit
import Synchronization
import Testing

@Suite("A copy of the capture log")
struct CaptureBackupTests {
    /// Ids in all segments of a copy, one for each row, in order.
    private func ids(in root: String) async throws -> [String] {
        let store = CaptureStore(root: root)
        var ids: [String] = []
        for facts in try await store.segments(of: "fraud") {
            #expect(facts.file.state == .sealed)
            #expect(facts.endedAt != nil)
            let path = root + "/fraud/" + facts.file.name
            var table = try ArrowTable(FileSource(path: path), readsInstants: true)
            var row = 0
            while row < table.count {
                let range = table.reach(from: row, byteCount: .max)
                ids += try table.read(range, columns: [0])[0].tensor(0..<range.count).strings ?? []
                row = range.upperBound
            }
            // Reading checks the seal.
            try await store.read(facts.file.name, of: "fraud") { _ in }
        }
        return ids
    }

    private final class Latest: Sendable {
        let value = Mutex(0.0)
    }

    private func offer(_ range: Range<Int>, to rig: CaptureRig) throws {
        for index in range { rig.writer.offer(try CaptureRig.prediction("r\(index)", rows: 2)) }
    }

    @Test("has sealed segments as they are, and the whole batches of those still written", arguments: ["none", "lz4"])
    func whole(compression: String) async throws {
        var spec = CaptureSpec(rate: .all)
        spec.compression = compression
        var limits = CaptureLimits()
        // A batch for every few requests.
        limits.batchBytes = 400
        let rig = try CaptureRig(spec: spec, limits: limits)
        try offer(0..<20, to: rig)
        rig.writer.flush()
        try offer(20..<40, to: rig)
        rig.writer.tick()
        let before = try await rig.store.segments(of: "fraud")
        #expect(before.map(\.file.state) == [.sealed, .open])
        let target = rig.folder.path + "/copy"
        let progress = Latest()
        let copied = try await rig.store.copyAll(to: target) { done in progress.value.withLock { $0 = done } }
        #expect(copied.count == 2)
        #expect(progress.value.withLock { $0 } == 1)
        let found = try await ids(in: target)
        // Some of the last may still be in memory, never half of a request.
        #expect(found == (0..<(found.count / 2)).flatMap { ["r\($0)", "r\($0)"] })
        #expect(found.count >= 60)
        let names = try PosixFolder.names(in: target + "/fraud")
        #expect(names == before.map { $0.file.name.replacing(".partial", with: ".arrow") })
        #expect(
            copied.byteCount
                == (try names.reduce(0) { try $0 + TemporaryFolder.contents(of: target + "/fraud/" + $1).count }))
        let sealed = before[0].file.name
        #expect(
            try TemporaryFolder.contents(of: target + "/fraud/" + sealed)
                == TemporaryFolder.contents(of: rig.path + "/" + sealed))
        // The original goes on as if nothing had been.
        try offer(40..<50, to: rig)
        rig.writer.flush()
        #expect(try await rig.ids().count == 100)
    }

    @Test("wherever a batch is cut off, has those before it")
    func cut() async throws {
        var limits = CaptureLimits()
        limits.batchBytes = 400
        let rig = try CaptureRig(limits: limits)
        try offer(0..<30, to: rig)
        rig.writer.tick()
        let open = try #require(try await rig.store.segments(of: "fraud").first)
        let bytes = try TemporaryFolder.contents(of: rig.path + "/" + open.file.name)
        var counts: [Int] = []
        for length in stride(from: 0, through: bytes.count, by: 257) {
            let root = rig.folder.path + "/cut\(length)"
            for folder in [root, root + "/fraud"] { try PosixFolder.make(folder) }
            _ = try rig.folder.file("cut\(length)/fraud/" + open.file.name, Array(bytes[..<length]))
            _ = try await CaptureStore(root: root).copyAll(to: root + "-copy") { _ in }
            counts.append(try await ids(in: root + "-copy").count)
        }
        #expect(counts == counts.sorted())
        #expect(counts.first == 0 && (counts.last ?? 0) > 0)
        #expect(Set(counts).count > 3)
    }

    @Test("leaves behind what was set aside, and refuses a sealed segment that is damaged")
    func damaged() async throws {
        let rig = try CaptureRig()
        try offer(0..<3, to: rig)
        rig.writer.flush()
        _ = try rig.folder.file("capture/fraud/1700000000001-aa.torn", [1, 2, 3])
        let copied = try await rig.store.copyAll(to: rig.folder.path + "/copy") { _ in }
        #expect(copied.count == 1)
        let name = try #require(try await rig.sealed().first).file.name
        let descriptor = open(rig.path + "/" + name, O_WRONLY)
        try #require([0x55].withUnsafeBytes { pwrite(descriptor, $0.baseAddress, 1, 100) } == 1)
        close(descriptor)
        let error = await #expect(throws: RegistryError.self) {
            _ = try await rig.store.copyAll(to: rig.folder.path + "/other") { _ in }
        }
        #expect(error?.code == .corrupt)
    }
}
