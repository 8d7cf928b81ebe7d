// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayCore
import SlipwayFormats
import SlipwayRegistry
import SlipwayStorage
import SlipwayTestKit
import Testing

@Suite("The capture log on disk")
struct CaptureStoreTests {
    private func overwrite(_ path: String, at offset: Int, with byte: UInt8) throws {
        let descriptor = open(path, O_WRONLY)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        try #require([byte].withUnsafeBytes { pwrite(descriptor, $0.baseAddress, 1, off_t(offset)) } == 1)
    }

    @Test("never holds what is redacted", arguments: ["none", "lz4"])
    func redaction(compression: String) async throws {
        var spec = CaptureSpec(rate: .all)
        spec.redacted = ["name", "card", "x[1]"]
        spec.compression = compression
        let rig = try CaptureRig(spec: spec)
        for index in 0..<5 {
            rig.writer.offer(
                try CaptureRig.prediction(
                    "r\(index)", name: "SECRETNAME", parameters: ["card": .string("SECRETCARD"), "kind": .string("a")]))
        }
        rig.writer.tick()
        #expect(try !rig.diskHolds("SECRET"))
        rig.writer.flush()
        #expect(try !rig.diskHolds("SECRET"))
        let name = try #require(try await rig.sealed().first).file.name
        var table = try ArrowTable(FileSource(path: rig.path + "/" + name), readsInstants: true)
        #expect(!table.fields.map(\.name).contains("input.name"))
        #expect(table.metadata["slipway.redacted"] == "card\nname\nx[1]")
        let column = try #require(table.fields.firstIndex { $0.name == "input.x" })
        let values = try #require(try table.read(0..<1, columns: [column])[0].tensor(0..<1).values(as: Float.self))
        #expect(values[0] == 0 && values[1].isNaN && values[2] == 2)
    }

    @Test("would hold it without redaction, so that the search above can find it")
    func searchFinds() throws {
        var spec = CaptureSpec(rate: .all)
        spec.compression = "none"
        let rig = try CaptureRig(spec: spec)
        rig.writer.offer(try CaptureRig.prediction("r", name: "SECRETNAME"))
        rig.writer.flush()
        #expect(try rig.diskHolds("SECRETNAME"))
    }

    @Test("forgets requests by id, those that wait or lie in open segments too", arguments: ["none", "lz4", "zstd"])
    func erasure(compression: String) async throws {
        var spec = CaptureSpec(rate: .all)
        spec.compression = compression
        let rig = try CaptureRig(spec: spec)
        for index in 0..<40 {
            rig.writer.offer(try CaptureRig.prediction("id-\(index)-", rows: 3, name: "person\(index)x"))
            if index == 20 { rig.writer.flush() }
        }
        let erased = try await rig.writer.erase(["id-3-", "id-39-", "unknown"], of: "fraud")
        #expect(erased.rows == 6 && erased.segments == 2 && erased.stillOpen == 0)
        let expected = (0..<40).filter { $0 != 3 && $0 != 39 }.flatMap { Array(repeating: "id-\($0)-", count: 3) }
        #expect(try await rig.ids() == expected)
        if compression == "none" {
            #expect(try !rig.diskHolds("id-3-") && !rig.diskHolds("person39x"))
            #expect(try rig.diskHolds("person38x"))
        }
        // What was written anew is sealed as well as it was.
        for facts in try await rig.sealed() { try await rig.store.read(facts.file.name, of: "fraud") { _ in } }
        let again = try await rig.writer.erase(["id-3-"], of: "fraud")
        #expect(again == CaptureErasure())
    }

    @Test("removes a segment of which nothing is left")
    func erasedWhole() async throws {
        let rig = try CaptureRig()
        rig.writer.offer(try CaptureRig.prediction("r"))
        rig.writer.flush()
        let erased = try await rig.store.erase(["r"], of: "fraud")
        #expect(erased.rows == 1 && erased.segments == 1)
        #expect(try await rig.store.segments(of: "fraud").isEmpty)
    }

    @Test("sets a segment aside in which any byte changed, and keeps the others")
    func damage() async throws {
        let rig = try CaptureRig()
        for index in 0..<12 {
            rig.writer.offer(try CaptureRig.prediction("r\(index)"))
            rig.writer.flush()
            rig.clock.advance(milliseconds: 1000)
        }
        let names = try await rig.sealed().map(\.file.name)
        for (index, name) in names.enumerated() where index > 0 {
            let size = try TemporaryFolder.contents(of: rig.path + "/" + name).count
            // From the head to the very end: batches, footer, checksum, magic.
            let offset = index == 11 ? size - 1 : size * index / 11
            let old = try TemporaryFolder.contents(of: rig.path + "/" + name)[offset]
            try overwrite(rig.path + "/" + name, at: offset, with: old ^ 0x01)
            let error = await #expect(throws: RegistryError.self) {
                try await rig.store.read(name, of: "fraud") { _ in Issue.record("a damaged segment was served") }
            }
            #expect(error?.code == .corrupt, "byte \(offset) of \(size)")
        }
        try await rig.store.read(names[0], of: "fraud") { _ in }
        #expect(try await rig.sealed().count == 1)
        #expect(try await rig.store.segments(of: "fraud").filter { $0.file.state == .damaged }.count == 11)
    }

    @Test("sets drafts of writers that died aside, and never those of the living")
    func torn() async throws {
        let rig = try CaptureRig()
        rig.writer.offer(try CaptureRig.prediction("alive"))
        rig.writer.tick()
        let open = try #require(try await rig.store.segments(of: "fraud").first).file.name
        // What a killed process leaves: the same bytes, and nobody who holds a lock on them.
        let bytes = try TemporaryFolder.contents(of: rig.path + "/" + open)
        let dead = "0000000000001-00000000.partial"
        let file = try PosixFile(creating: rig.path + "/" + dead, mode: 0o600)
        try bytes.withUnsafeBytes { try file.write($0) }
        #expect(try await rig.store.setTornAside() == ["fraud/0000000000001-00000000.torn"])
        #expect(try await rig.store.segments(of: "fraud").map(\.file.state) == [.torn, .open])
        for name in [dead, "0000000000001-00000000.torn", open, "../fraud/" + open] {
            let error = await #expect(throws: RegistryError.self) {
                try await rig.store.read(name, of: "fraud") { _ in }
            }
            #expect(error?.code == .notFound)
        }
        rig.writer.flush()
        #expect(try await rig.ids() == ["alive"])
        // Nobody can tell whose rows a torn file holds, so an erasure takes it along.
        #expect(try await rig.store.erase(["nobody"], of: "fraud").filesSetAside == 1)
        #expect(try await rig.store.segments(of: "fraud").map(\.file.state) == [.sealed])
    }

    @Test("takes no other names for endpoints", arguments: ["", "..", ".hidden", "a/b", "a\u{0}"])
    func names(endpoint: String) async throws {
        let rig = try CaptureRig()
        await #expect(throws: RegistryError.self) { _ = try await rig.store.segments(of: endpoint) }
        await #expect(throws: RegistryError.self) { _ = try await rig.store.erase(["x"], of: endpoint) }
    }

    @Test("exports a time range joined with labels")
    func export() async throws {
        let rig = try CaptureRig()
        for index in 0..<10 {
            rig.writer.offer(try CaptureRig.prediction("r\(index)", rows: 2, at: Int64(index) * 1000))
            if index == 4 { rig.writer.flush() }
        }
        rig.writer.flush()
        let start = Timestamp(milliseconds: 1_700_000_003_000)
        var selection = CaptureSelection(
            endpoint: "fraud", from: start, until: Timestamp(milliseconds: 1_700_000_008_000))
        selection.labels = [
            "r3": CaptureLabel(values: [.text("yes"), .text("no")], kpis: ["revenue": 2.5], at: start),
            "r5": CaptureLabel(values: [.number(4)]),
        ]
        let path = rig.folder.path + "/export.arrow"
        #expect(try await rig.store.export(selection, to: path) == 10)
        var table = try ArrowTable(FileSource(path: path), readsInstants: true)
        let names = table.fields.map(\.name)
        #expect(names.suffix(4) == ["label", "label_number", "label_at", "kpis"])
        let range = table.reach(from: 0, byteCount: .max)
        let read = try table.read(range, columns: Array(names.indices))
        #expect(try read[0].tensor(0..<2).strings == ["r3", "r3"])
        let label = try #require(names.firstIndex(of: "label"))
        #expect(try read[label].tensor(0..<2).strings == ["yes", "no"])
        #expect(try read[label + 3].tensor(0..<1).strings == [#"{"revenue":2.5}"#])
        selection.onlyLabelled = true
        #expect(try await rig.store.export(selection, to: path + "2") == 4)
        // Never over what is there.
        await #expect(throws: RegistryError.self) { _ = try await rig.store.export(selection, to: path) }
    }

    @Test("exports columns of several kinds side by side, and refuses one whose type changed")
    func exportedUnion() async throws {
        let rig = try CaptureRig()
        func offer(_ id: String, _ inputs: NamedTensors) {
            rig.writer.offer(
                PredictionObservation(
                    requestID: id, endpoint: "fraud", version: VersionID(model: "m", number: id == "c" ? 2 : 1),
                    route: .primary, at: rig.clock.now, inputs: inputs, outputs: [:], parameters: [:], rows: 1,
                    total: .zero))
        }
        offer("a", ["x": try Tensor([Float(1)], shape: [1])])
        offer("b", ["y": try Tensor([Int64(2)], shape: [1])])
        rig.writer.flush()
        var selection = CaptureSelection(
            endpoint: "fraud", from: Timestamp(milliseconds: 0), until: Timestamp(milliseconds: 1 << 50))
        #expect(try await rig.store.export(selection, to: rig.folder.path + "/1") == 2)
        offer("c", ["x": try Tensor([Int32(1)], shape: [1])])
        rig.writer.flush()
        let error = await #expect(throws: RegistryError.self) {
            _ = try await rig.store.export(selection, to: rig.folder.path + "/2")
        }
        #expect(error?.code == .conflict)
        #expect(try !PosixFolder.names(in: rig.folder.path).contains("2"))
        selection.until = selection.from
        #expect(try await rig.store.export(selection, to: rig.folder.path + "/3") == 0)
    }
}
