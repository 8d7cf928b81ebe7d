// SPDX-License-Identifier: Apache-2.0

import Foundation
import SlipwayClient
import SlipwayCore
import SlipwayWire
import Synchronization
import Testing

@Suite("Import through a server")
struct ImportUploadTests {
    // More than two chunks of reading, and not a whole number of them.
    private let bytes = (0..<700_001).map { UInt8(truncatingIfNeeded: $0 &* 31) }

    /// Runs `body` with a new folder.
    private func withFolder(_ body: (URL) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "slipway-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        do {
            try await body(folder)
            try FileManager.default.removeItem(at: folder)
        } catch {
            try FileManager.default.removeItem(at: folder)
            throw error
        }
    }

    private func client(_ server: StubServer) -> AdminClient {
        AdminClient(server: server.address) { _ in AdminFixtures.digest }
    }

    @Test("a file arrives whole, then its operation is waited for")
    func whole() async throws {
        try await withFolder { folder in
            let path = folder.appending(path: "a b.onnx").path
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            let uploads = UploadServer()
            try await StubServer.run({ uploads.answer($0) }) { server in
                let progress = Mutex<[Double]>([])
                var request = ImportRequest(path: path, model: "fraud", alias: "champion")
                request.options.engine = "auto"
                let result = try await client(server).importModel(request) { fraction in
                    progress.withLock { $0.append(fraction) }
                }
                #expect(result.version == AdminFixtures.version)
                let state = uploads.state.withLock { $0 }
                #expect(state.bytes == bytes)
                #expect(state.request == UploadRequest(byteCount: bytes.count, digest: AdminFixtures.digest))
                #expect(
                    state.calls == [
                        "POST /api/v1/uploads", "PUT /api/v1/uploads/u1?offset=0", "POST /api/v1/models/fraud/imports",
                        "GET /api/v1/operations/o1?wait=1",
                    ])
                #expect(state.imported?.files == [.init(upload: "u1", path: "a b.onnx")])
                #expect(state.imported?.isFolder == false && state.imported?.sourceName == "a b.onnx")
                #expect(state.imported?.alias == "champion" && state.imported?.options?.engine == "auto")
                let seen = progress.withLock { $0 }
                #expect(seen == seen.sorted())
                // The file is half of the work, the running operation told 0.5 of the other half.
                #expect(seen.last == 0.75)
            }
        }
    }

    @Test("goes on where a broken connection stopped it", arguments: [[0], [1], [262_144, 99], [700_001]])
    func broken(losses: [Int]) async throws {
        try await withFolder { folder in
            let path = folder.appending(path: "m.onnx").path
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            let uploads = UploadServer(losses: losses)
            try await StubServer.run({ uploads.answer($0) }) { server in
                _ = try await client(server).importModel(ImportRequest(path: path, model: "fraud")) { _ in }
                #expect(uploads.state.withLock { $0.bytes } == bytes)
                #expect(uploads.state.withLock { $0.losses } == [])
            }
        }
    }

    @Test("goes on where an earlier client stopped")
    func resumed() async throws {
        try await withFolder { folder in
            let path = folder.appending(path: "m.onnx").path
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            let uploads = UploadServer(already: Array(bytes[..<500_000]))
            try await StubServer.run({ uploads.answer($0) }) { server in
                _ = try await client(server).importModel(ImportRequest(path: path, model: "fraud")) { _ in }
                #expect(uploads.state.withLock { $0.bytes } == bytes)
                #expect(uploads.state.withLock { $0.calls[1] } == "PUT /api/v1/uploads/u1?offset=500000")
            }
        }
    }

    @Test("a folder is sent file by file with their paths, hidden ones and links left out")
    func folder() async throws {
        try await withFolder { folder in
            let inner = folder.appending(path: "variables")
            try FileManager.default.createDirectory(at: inner, withIntermediateDirectories: true)
            for name in ["saved_model.pb", "variables/index", ".hidden"] {
                try Data([1, 2]).write(to: folder.appending(path: name))
            }
            try FileManager.default.createSymbolicLink(
                at: folder.appending(path: "link"), withDestinationURL: URL(fileURLWithPath: "/etc/hostname"))
            let uploads = UploadServer(already: [1, 2])
            try await StubServer.run({ uploads.answer($0) }) { server in
                _ = try await client(server).importModel(ImportRequest(path: folder.path, model: "m")) { _ in }
                let imported = uploads.state.withLock { $0.imported }
                #expect(imported?.isFolder == true)
                #expect(imported?.files.map(\.path) == ["saved_model.pb", "variables/index"])
            }
        }
    }

    @Test("an import that fails throws the operation's error")
    func failed() async throws {
        try await withFolder { folder in
            let path = folder.appending(path: "m.onnx").path
            try Data([1, 2, 3]).write(to: URL(fileURLWithPath: path))
            let uploads = UploadServer()
            let answer = AdminFixtures.json(AdminFixtures.operation("failed"))
            try await StubServer.run({ request in
                request.uri.hasSuffix("/imports") ? .json(answer, status: 202) : uploads.answer(request)
            }) { server in
                let error = try await #require(throws: ClientError.self) {
                    try await client(server).importModel(ImportRequest(path: path, model: "fraud"), progress: { _ in })
                }
                #expect(error.message == "bad file")
                #expect(error.category == .invalidInput)
            }
        }
    }

    @Test("files that another import removed meanwhile are sent once more, and then no more", arguments: [1, 2])
    func removed(times: Int) async throws {
        try await withFolder { folder in
            let path = folder.appending(path: "m.onnx").path
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            let uploads = UploadServer(removals: times)
            try await StubServer.run({ uploads.answer($0) }) { server in
                let call = { () async throws -> ImportDTO in
                    try await client(server).importModel(ImportRequest(path: path, model: "fraud")) { _ in }
                }
                if times == 1 {
                    let imported = try await call()
                    #expect(imported.version == AdminFixtures.version)
                } else {
                    let error = await #expect(throws: ClientError.self) { try await call() }
                    #expect(error?.category == .notFound)
                }
                let calls = uploads.state.withLock { $0.calls }
                #expect(calls.filter { $0 == "POST /api/v1/models/fraud/imports" }.count == 2)
                #expect(calls.filter { $0 == "PUT /api/v1/uploads/u1?offset=0" }.count == 2)
            }
        }
    }

    @Test("what cannot be sent is refused before anything is", arguments: ["/nonexistent/x", "/dev/zero"])
    func unreadable(path: String) async throws {
        try await StubServer.run({ _ in StubReply() }) { server in
            let error = try await #require(throws: ClientError.self) {
                try await client(server).importModel(ImportRequest(path: path, model: "fraud"), progress: { _ in })
            }
            #expect(error.code == .fileUnreadable)
            #expect(server.requestCount == 0)
        }
    }
}
