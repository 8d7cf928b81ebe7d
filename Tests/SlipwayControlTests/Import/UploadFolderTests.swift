// SPDX-License-Identifier: Apache-2.0

import SlipwayControl
import SlipwayCore
import SlipwayRegistry
import SlipwaySecurity
import SlipwayTestKit
import SlipwayWire
import Testing

@Suite("Uploads in pieces")
struct UploadFolderTests {
    private let place: TemporaryFolder
    private let folder: UploadFolder
    private let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 7) }

    init() throws {
        place = try TemporaryFolder()
        folder = UploadFolder(folder: place.path + "/uploads")
    }

    private var request: UploadRequest {
        UploadRequest(byteCount: bytes.count, digest: SHA256Hasher.digest(of: bytes))
    }

    @discardableResult
    private func append(_ part: ArraySlice<UInt8>, to id: String, at offset: Int) throws -> UploadDTO {
        let piece = try folder.append(to: id, at: offset)
        do {
            try Array(part).withUnsafeBytes { try piece.write($0) }
        } catch {
            _ = try piece.finish()
            throw error
        }
        return try piece.finish()
    }

    @Test("a file that comes in pieces is whole in the end")
    func pieces() throws {
        let begun = try folder.begin(request)
        #expect(begun.offset == 0 && !begun.isComplete)
        let half = try append(bytes[..<400], to: begun.id, at: 0)
        #expect(half.offset == 400 && !half.isComplete)
        let whole = try append(bytes[400...], to: begun.id, at: 400)
        #expect(whole.isComplete && whole.offset == bytes.count)
        #expect(try TemporaryFolder.contents(of: try folder.file(of: begun.id)) == bytes)
    }

    @Test("the same file finds its upload again, in a server that was started anew too")
    func resumes() throws {
        let begun = try folder.begin(request)
        try append(bytes[..<123], to: begun.id, at: 0)
        let again = try UploadFolder(folder: place.path + "/uploads").begin(request)
        #expect(again.id == begun.id && again.offset == 123)
    }

    @Test("without a digest every upload is a new one")
    func anonymous() throws {
        let request = UploadRequest(byteCount: 10, digest: nil)
        let (one, other) = (try folder.begin(request), try folder.begin(request))
        #expect(one.id != other.id)
        #expect(try append(bytes[..<10], to: one.id, at: 0).isComplete)
    }

    @Test("an empty file is whole from the start")
    func empty() throws {
        let begun = try folder.begin(UploadRequest(byteCount: 0, digest: SHA256Hasher.digest(of: [])))
        #expect(begun.isComplete)
    }

    @Test("a piece at another offset is refused with the offset that is expected", arguments: [0, 99, 101, -1])
    func wrongOffset(offset: Int) throws {
        let id = try folder.begin(request).id
        try append(bytes[..<100], to: id, at: 0)
        let error = #expect(throws: ControlError.self) { try folder.append(to: id, at: offset) }
        #expect(error?.code == .uploadMismatch)
        #expect(error?.message.contains("byte 100") == true)
        #expect(try folder.state(of: id).offset == 100)
    }

    @Test("bytes that are not those announced are refused and forgotten")
    func wrongDigest() throws {
        let id = try folder.begin(request).id
        let other = bytes.map { $0 ^ 1 }
        let error = #expect(throws: ControlError.self) { try append(other[...], to: id, at: 0) }
        #expect(error?.code == .uploadMismatch)
        #expect(throws: ControlError.self) { try folder.state(of: id) }
        #expect(try folder.begin(request).offset == 0)
    }

    @Test("a piece that goes on after the file's end is refused, and what came before stays")
    func tooLong() throws {
        let id = try folder.begin(request).id
        try append(bytes[..<990], to: id, at: 0)
        let error = #expect(throws: ControlError.self) { try append(bytes[..<11], to: id, at: 990) }
        #expect(error?.code == .tooLarge)
        #expect(try folder.state(of: id).offset == 990)
        #expect(try append(bytes[990...], to: id, at: 990).isComplete)
    }

    @Test("two pieces are not received at the same time")
    func busy() throws {
        let id = try folder.begin(request).id
        let first = try folder.append(to: id, at: 0)
        let error = #expect(throws: ControlError.self) { try folder.append(to: id, at: 0) }
        #expect(error?.code == .busy)
        _ = try first.finish()
        #expect(try append(bytes[...], to: id, at: 0).isComplete)
    }

    @Test("a piece that is let go of without an end leaves the upload to the next one")
    func letGo() throws {
        let id = try folder.begin(request).id
        do {
            let piece = try folder.append(to: id, at: 0)
            try bytes[..<10].withUnsafeBytes { try piece.write($0) }
        }
        #expect(try append(bytes[10...], to: id, at: 10).isComplete)
    }

    @Test("an upload is not removed while a piece is written")
    func removeBusy() throws {
        let id = try folder.begin(request).id
        let piece = try folder.append(to: id, at: 0)
        let error = #expect(throws: ControlError.self) { try folder.remove(id) }
        #expect(error?.code == .busy)
        _ = try piece.finish()
        try folder.remove(id)
        #expect(throws: ControlError.self) { try folder.state(of: id) }
    }

    @Test("what earlier uploads still lack is kept free for them")
    func announced() throws {
        let full = UploadFolder(folder: place.path + "/full") { _ in (256 << 20) + 999 }
        let first = try full.begin(UploadRequest(byteCount: 600, digest: nil))
        #expect(throws: ControlError.self) { try full.begin(UploadRequest(byteCount: 400, digest: nil)) }
        let piece = try full.append(to: first.id, at: 0)
        try bytes[..<1].withUnsafeBytes { try piece.write($0) }
        _ = try piece.finish()
        #expect(try full.begin(UploadRequest(byteCount: 400, digest: nil)).offset == 0)
    }

    @Test("a killed import's copies and conversions are removed after a day, and nothing else")
    func sweep() throws {
        for folder in ["import-1", "source-2"] { try PosixFolder.make(place.path + "/cache/import/" + folder) }
        for name in ["upload-abc", "import/import-1/model.onnx", "import/source-2/m", "import/mine", "other"] {
            _ = try place.file("cache/" + name, Array(bytes[..<10]))
        }
        let cache = place.path + "/cache"
        #expect(ScratchSweep.run(cache: cache) == 0)
        #expect(ScratchSweep.run(cache: cache, now: .max / 2) == 30)
        #expect(try PosixFolder.names(in: cache).sorted() == ["import", "other"])
        #expect(try PosixFolder.names(in: cache + "/import") == ["mine"])
    }

    @Test("a file that the disk cannot hold is refused before it is sent")
    func noRoom() throws {
        let full = UploadFolder(folder: place.path + "/full") { _ in (256 << 20) + 999 }
        let error = #expect(throws: ControlError.self) { try full.begin(request) }
        #expect(error?.category == .tooLarge)
        #expect(try full.begin(UploadRequest(byteCount: 999, digest: nil)).offset == 0)
    }

    @Test(
        "names that are no upload's lead nowhere",
        arguments: [
            "", "..", "../registry.db", "a-1", "r-5", "rff-01", "rzz-5", "rff-5/../../x",
            "r\(String(repeating: "a", count: 40))-5",
        ])
    func names(id: String) throws {
        _ = try folder.begin(request)
        let error = #expect(throws: ControlError.self) { try folder.state(of: id) }
        #expect(error?.code == .notFound)
        #expect(throws: ControlError.self) { try folder.file(of: id) }
        #expect(throws: ControlError.self) { try folder.remove(id) }
    }

    @Test("only whole files are laid out, and only inside the folder")
    func layOut() throws {
        let id = try folder.begin(request).id
        #expect(throws: ControlError.self) { try folder.layOut([(upload: id, path: "m/a.onnx")]) }
        try append(bytes[...], to: id, at: 0)
        let laidOut = try folder.layOut([(upload: id, path: "m/a.onnx"), (upload: id, path: "m/b/c.bin")])
        #expect(try TemporaryFolder.contents(of: laidOut + "/m/b/c.bin") == bytes)
        UploadFolder.removeLayout(laidOut)
        #expect(try folder.state(of: id).isComplete)
        for path in ["../out", "/etc/x", "a/../../b"] {
            #expect(throws: RegistryError.self) { try folder.layOut([(upload: id, path: path)]) }
        }
        // The uploads alone are left.
        #expect(try PosixFolder.names(in: place.path + "/uploads") == [id + ".whole"])
    }

    @Test("what nobody wrote to for a day is removed")
    func old() throws {
        let id = try folder.begin(request).id
        try append(bytes[..<10], to: id, at: 0)
        #expect(folder.removeOld() == 0)
        let day = Int(UploadFolder.lifetime.components.seconds)
        #expect(folder.removeOld(now: .max / 2) == 10)
        #expect(day == 86_400)
        #expect(throws: ControlError.self) { try folder.state(of: id) }
    }
}
