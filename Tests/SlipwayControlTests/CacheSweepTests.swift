// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayControl
import SlipwayCore
import SlipwayRegistry
import SlipwayTestKit
import Testing

@Suite("What is left behind")
struct CacheSweepTests {
    private let place: TemporaryFolder
    private static let day = 24 * 3600
    private let now = Int(time(nil))

    init() throws { place = try TemporaryFolder() }

    private func write(_ path: String, bytes count: Int = 10) throws {
        try PosixFolder.make(PosixFolder.parent(of: place.path + "/" + path))
        _ = try place.file(path, [UInt8](repeating: 1, count: count))
    }

    /// Makes a file look as if it was last written and read so many seconds ago.
    private func age(_ path: String, _ seconds: Int) {
        let instant = timespec(tv_sec: now - seconds, tv_nsec: 0)
        #expect(utimensat(AT_FDCWD, place.path + "/" + path, [instant, instant], AT_SYMLINK_NOFOLLOW) == 0)
    }

    private func names(_ path: String) throws -> [String] { try PosixFolder.names(in: place.path + "/" + path) }

    @Test("scratch in a cache goes after a day, and nothing else does")
    func scratch() throws {
        for name in ["cache/upload-abc", "cache/export-1.arrow", "cache/import/import-1/model.onnx", "cache/bundles/x"]
        {
            try write(name)
        }
        let cache = place.path + "/cache"
        #expect(ScratchSweep.run(cache: cache, now: now + Self.day / 2) == 0)
        #expect(ScratchSweep.run(cache: cache, now: now + 2 * Self.day) == 30)
        #expect(try names("cache") == ["bundles", "import"])
        #expect(try names("cache/import") == [])
    }

    @Test("of a folder of others only what is named like ours goes, and links are not followed")
    func shared() throws {
        try write("t/.slipway-a1B2c3/model.onnx")
        try write("t/.slipway-notes.txt")
        try write("t/.slipwayrc")
        try write("t/mine")
        #expect(symlink(place.path + "/t/mine", place.path + "/t/.slipway-a1B2c4") == 0)
        #expect(ScratchSweep.run(shared: place.path + "/t", now: now + 60) == 0)
        #expect(ScratchSweep.run(shared: place.path + "/t", now: now + 2 * Self.day) == 10)
        #expect(try names("t") == [".slipway-notes.txt", ".slipwayrc", "mine"])
    }

    // MARK: Engines

    private func digest(_ byte: UInt8) -> Digest { Digest(bytes: [UInt8](repeating: byte, count: 32)) }

    private func entry(_ byte: UInt8, engine: String = "openvino-1", age seconds: Int, bytes: Int = 10) throws {
        let folder = "engines/\(engine)/\(digest(byte).hex)"
        try write(folder + "/f32/1.blob", bytes: bytes)
        for path in [folder + "/f32/1.blob", folder + "/f32", folder] { age(path, seconds) }
    }

    private func left(_ engine: String = "openvino-1") throws -> Set<String> { Set(try names("engines/" + engine)) }

    @Test("what engines kept of versions that are gone goes, but for what was just made")
    func unregistered() throws {
        try entry(1, age: 2 * 3600)
        try entry(2, age: 2 * 3600)
        try entry(3, age: 60)
        try write("engines/openvino-1/f32/old.blob")
        for path in ["engines/openvino-1/f32/old.blob", "engines/openvino-1/f32"] { age(path, Self.day) }
        let sweep = EngineCacheSweep(folder: place.path + "/engines")
        #expect(sweep.run(keeping: [digest(1)], now: now) == 20)
        #expect(try left() == [digest(1).hex, digest(3).hex])
    }

    @Test("what nobody loaded for a month goes, though its version is there, and empty folders of engines with it")
    func old() throws {
        try entry(1, age: 31 * Self.day)
        try entry(2, age: 29 * Self.day)
        try entry(3, engine: "openvino-0", age: 31 * Self.day)
        let sweep = EngineCacheSweep(folder: place.path + "/engines")
        #expect(sweep.run(keeping: nil, now: now) == 20)
        #expect(try left() == [digest(2).hex])
        #expect(try names("engines") == ["openvino-1"])
    }

    @Test("beyond its size the cache keeps what was used last")
    func large() throws {
        for byte in UInt8(1)...4 { try entry(byte, age: Int(byte) * 2 * 3600, bytes: 100) }
        var sweep = EngineCacheSweep(folder: place.path + "/engines")
        sweep.maximumByteCount = 250
        #expect(sweep.run(keeping: nil, now: now) == 200)
        #expect(try left() == [digest(1).hex, digest(2).hex])
    }

    @Test("no cache is nothing to sweep")
    func none() { #expect(EngineCacheSweep(folder: place.path + "/engines").run(keeping: [], now: now) == 0) }
}
