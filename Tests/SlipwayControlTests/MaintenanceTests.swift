// SPDX-License-Identifier: Apache-2.0

import SlipwayControl
import SlipwayCore
import SlipwayRegistry
import SlipwayTestKit
import SlipwayWire
import Testing

@Suite("Garbage collection")
struct GarbageCollectorTests {
    /// Five versions of `m`: 2 has an alias, 3 is deployed.
    private func home() async throws -> TestHome {
        let home = try TestHome()
        for type in [ElementType.float32, .int8, .int16, .int32, .int64] { try await home.importIdentity(type) }
        _ = try await home.control.setAlias("kept", of: "m", to: 2)
        _ = try await home.control.deploy(DeployRequest(reference: "m:3"), to: "e")
        return home
    }

    @Test(
        "keeps the newest, the named and the deployed",
        arguments: [
            (nil, [1, 2, 3, 4, 5]), (5, [1, 2, 3, 4, 5]), (99, [1, 2, 3, 4, 5]), (4, [2, 3, 4, 5]), (1, [2, 3, 5]),
            (0, [2, 3]),
        ]
            as [(Int?, [Int])])
    func keep(keep: Int?, left: [Int]) async throws {
        let home = try await home()
        let report = try await home.control.collectGarbage(keep: keep)
        #expect(try await home.store.versions(of: "m").map(\.id.number) == left)
        #expect(report.versions == (1...5).filter { !left.contains($0) }.map { "m:\($0)" })
        #expect(report.blobs == 5 - left.count)
        #expect((report.bytesFreed > 0) == (left.count < 5))
        #expect(Set(try await home.artifacts.blobs().map(\.digest)) == (try await home.store.referencedBlobs()))
        for number in left {
            let source = RegistryModelSource(store: home.store, artifacts: home.artifacts)
            _ = try await source.fetch(try await source.resolve(VersionID(model: "m", number: number)))
        }
    }

    @Test("keeps a blob that another model still needs")
    func shared() async throws {
        let home = try TestHome()
        try await home.importIdentity(as: "a")
        try await home.importIdentity(as: "b", alias: "live")
        let report = try await home.control.collectGarbage(keep: 0)
        #expect(report.versions == ["a:1"])
        #expect(report.blobs == 0)
        #expect(try await home.artifacts.blobs().count == 1)
    }

    @Test("removes blobs and check-outs that nothing names, and finds nothing the second time")
    func orphans() async throws {
        let home = try await home()
        let orphan = try home.write([1, 2, 3], as: "orphan")
        _ = try await home.artifacts.put(fileAt: orphan) { _ in }
        let report = try await home.control.collectGarbage(keep: nil)
        #expect(report == GarbageDTO(versions: [], blobs: 1, bytesFreed: 3))
        #expect(try await home.control.collectGarbage(keep: nil) == GarbageDTO(versions: [], blobs: 0, bytesFreed: 0))
    }

    @Test("refuses a negative number to keep")
    func negative() async throws {
        let home = try await home()
        await #expect(throws: ControlError.self) { try await home.control.collectGarbage(keep: -1) }
        #expect(try await home.store.versions(of: "m").count == 5)
    }
}

@Suite("Doctor")
struct RegistryDoctorTests {
    typealias Finding = RegistryDoctor.Finding

    @Test("finds nothing wrong with a sound home")
    func sound() async throws {
        let home = try TestHome()
        try await home.importIdentity()
        let findings = try await RegistryDoctor(store: home.store, artifacts: home.artifacts).examine(repair: false)
        #expect(
            findings == [
                Finding(.ok, "registry", "rows are consistent"), Finding(.ok, "blobs", "1 verified"),
                Finding(.ok, "blobs", "no orphans"),
            ])
    }

    @Test("warns of orphans, and removes them when asked to")
    func orphans() async throws {
        let home = try TestHome()
        try await home.importIdentity()
        _ = try await home.artifacts.put(fileAt: try home.write([1, 2, 3], as: "orphan")) { _ in }
        let doctor = RegistryDoctor(store: home.store, artifacts: home.artifacts)
        let before = try await doctor.examine(repair: false)
        #expect(before.filter { $0.severity == .warning }.map(\.text).first?.hasPrefix("1 orphans, 3 bytes") == true)
        #expect(try await home.artifacts.blobs().count == 2)
        let repaired = try await doctor.examine(repair: true)
        #expect(repaired.last == Finding(.ok, "repair", "removed 1 orphaned blobs, freed 3 bytes"))
        #expect(try await doctor.examine(repair: false).allSatisfy { $0.severity == .ok })
    }

    @Test("tells a blob that is gone, also after a repair")
    func gone() async throws {
        let home = try TestHome()
        let version = try await home.importIdentity().version
        try await home.artifacts.remove(version.files[0].digest)
        let doctor = RegistryDoctor(store: home.store, artifacts: home.artifacts)
        for repair in [false, true] {
            let problems = try await doctor.examine(repair: repair).filter { $0.severity == .problem }
            #expect(problems.count == 1)
            #expect(problems.first?.text.contains(version.files[0].digest.hex) == true)
        }
    }

    @Test("tells a blob that is damaged")
    func damaged() async throws {
        let home = try TestHome()
        try await home.importIdentity()
        let version = try await home.importIdentity(.int8).version
        let store = DamagedArtifacts(inner: home.artifacts, damaged: version.files[0].digest)
        let findings = try await RegistryDoctor(store: home.store, artifacts: store).examine(repair: false)
        #expect(findings.filter { $0.severity == .problem }.map(\.subject) == ["blobs"])
        #expect(findings.contains { $0.text.contains(version.files[0].digest.hex) })
    }
}

@Suite("Backup")
struct HomeBackupTests {
    @Test("copies the rows and every blob they need, none twice")
    func copies() async throws {
        let home = try TestHome()
        try await home.importIdentity(as: "a")
        try await home.importIdentity(as: "b")
        try await home.importIdentity(.int8, as: "b")
        let target = InMemoryArtifactStore(scratch: home.folder.path + "/backup-scratch")
        let backup = HomeBackup(store: home.store, artifacts: home.artifacts)
        let path = home.folder.path + "/rows.json"
        let progress = Collected<Double>()
        let blobs = try await backup.run(databasePath: path, target: target) { progress.add($0) }
        #expect(blobs.count == 2)
        #expect(blobs.byteCount == (try await target.blobs().reduce(0) { $0 + $1.byteCount }))
        #expect(try await target.blobs() == (try await home.artifacts.blobs()))
        #expect(progress.values == [0.5, 1])
        #expect(try !TemporaryFolder.contents(of: path).isEmpty)
    }

    @Test("does not write over what is there")
    func exists() async throws {
        let home = try TestHome()
        let path = try home.write([1], as: "rows")
        let target = InMemoryArtifactStore(scratch: home.folder.path + "/backup-scratch")
        let error = await #expect(throws: ControlError.self) {
            try await HomeBackup(store: home.store, artifacts: home.artifacts)
                .run(databasePath: path, target: target) { _ in }
        }
        #expect(error?.code == .invalidRequest)
        #expect(try TemporaryFolder.contents(of: path) == [1])
    }

    @Test("says so when a blob is missing")
    func missing() async throws {
        let home = try TestHome()
        let version = try await home.importIdentity().version
        try await home.artifacts.remove(version.files[0].digest)
        let target = InMemoryArtifactStore(scratch: home.folder.path + "/backup-scratch")
        let error = await #expect(throws: RegistryError.self) {
            try await HomeBackup(store: home.store, artifacts: home.artifacts)
                .run(databasePath: home.folder.path + "/rows.json", target: target) { _ in }
        }
        #expect(error?.code == .notFound)
    }
}

/// A store in which one blob does not have the content its address promises.
private struct DamagedArtifacts: ArtifactStore {
    let inner: InMemoryArtifactStore
    let damaged: Digest

    func put(fileAt path: String, progress: @escaping @Sendable (Int) -> Void) async throws -> BlobInfo {
        try await inner.put(fileAt: path, progress: progress)
    }
    func checkOut(_ files: [BundleFile], bundle: Digest) async throws -> String {
        try await inner.checkOut(files, bundle: bundle)
    }
    func blobs() async throws -> [BlobInfo] { try await inner.blobs() }
    func verify(_ digest: Digest) async throws {
        guard digest != damaged else { throw RegistryError.corruptBlob(digest, found: "other bytes") }
        try await inner.verify(digest)
    }
    func read(
        _ digest: Digest, from offset: Int, _ body: @Sendable (_ piece: [UInt8]) async throws -> Void
    ) async throws {
        try await inner.read(digest, from: offset, body)
    }
    func remove(_ digest: Digest) async throws { try await inner.remove(digest) }
    func removeLeftovers(keeping bundles: Set<Digest>) async throws -> Int {
        try await inner.removeLeftovers(keeping: bundles)
    }
    func withSharedAccess<R: Sendable>(_ body: @Sendable () async throws -> R) async throws -> R {
        try await inner.withSharedAccess(body)
    }
    func withExclusiveAccess<R: Sendable>(_ body: @Sendable () async throws -> R) async throws -> R {
        try await inner.withExclusiveAccess(body)
    }
}
