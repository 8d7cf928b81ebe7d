// SPDX-License-Identifier: Apache-2.0

import Glibc
import HummingbirdCore
import NIOCore
import NIOPosix
import SlipwayControl
import SlipwayCore
import SlipwayEngine
import SlipwayWire

/// Uploads in pieces, and imports of what was uploaded.
extension AdminHandlers {
    /// Files of one model.
    private static let maximumFiles = 1000

    var uploadRoutes: [Route] {
        [
            mount(AdminRoutes.beginUpload) { call in
                let request = try await call.dto(UploadRequest.self)
                return try .dto(try await blocking { try pieces.begin(request) })
            },
            mount(AdminRoutes.upload) { call in
                let id = call["id"]
                return try .dto(try await blocking { try pieces.state(of: id) })
            },
            mount(AdminRoutes.appendUpload, append),
            mount(AdminRoutes.removeUpload) { call in
                let id = call["id"]
                try await blocking { try pieces.remove(id) }
                return .empty
            },
            mount(AdminRoutes.importUploads, importUploads),
        ]
    }

    func removeOldUploads() async throws -> Int { try await blocking { pieces.removeOld() } }

    /// Off the cooperative pool: a slow disk must not hold up requests.
    func blocking<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
        try await NIOThreadPool.singleton.runIfActive(body)
    }

    /// Writes the body as it comes; memory stays at one buffer, and what arrived before it broke off stays.
    @Sendable private func append(_ call: HTTPCall) async throws -> HTTPReply {
        let id = call["id"]
        let offset = try call.integerQuery("offset") ?? 0
        let piece = try await blocking { try pieces.append(to: id, at: offset) }
        do {
            for try await part in call.bodyStream {
                try await blocking { try part.withUnsafeReadableBytes { try piece.write($0) } }
            }
        } catch {
            _ = try? await blocking { try piece.finish() }
            if error is any SlipwayError { throw error }
            throw ServerError(
                .badBody, "the upload was broken off: ask how far it is, and go on from there", cause: error)
        }
        // Hashing a whole file takes a while.
        return try .dto(try await LoaderThread.run { try piece.finish() })
    }

    @Sendable private func importUploads(_ call: HTTPCall) async throws -> HTTPReply {
        let model = call["model"]
        let wanted = try await call.dto(UploadedImportRequest.self)
        guard (1...Self.maximumFiles).contains(wanted.files.count) else {
            throw ServerError(.badParameter, "a model has 1 to \(Self.maximumFiles) files, got \(wanted.files.count)")
        }
        let place = try await blocking { try pieces.layOut(Self.layout(of: wanted)) }
        let request = Self.request(wanted, model: model, in: place)
        let operation: OperationDTO
        do {
            operation = try operations.start("import") { progress in
                let imported: Result<ImportDTO, any Error>
                do {
                    imported = .success(try await admin.importModel(request, progress: progress))
                } catch {
                    imported = .failure(RemoteError.told(error, without: [place] + folders))
                }
                try? await LoaderThread.run {
                    UploadFolder.removeLayout(place)
                    // What failed may be tried again, with other options, without sending it again.
                    guard case .success = imported else { return }
                    let sent = wanted.files + [wanted.samples, wanted.expected].compactMap(\.self)
                    for file in sent { try? pieces.remove(file.upload) }
                }
                return try imported.get()
            }
        } catch {
            try? await LoaderThread.run { UploadFolder.removeLayout(place) }
            throw error
        }
        return try .dto(try await wait(for: operation.id, until: .now + .milliseconds(200)))
    }

    /// Where each file lies in the folder that is imported from.
    private static func layout(of wanted: UploadedImportRequest) -> [(upload: String, path: String)] {
        var files = wanted.files.enumerated().map { index, file in
            (file.upload, wanted.isFolder ? "model/" + file.path : "\(index)/" + file.path)
        }
        if let samples = wanted.samples { files.append((samples.upload, "samples/" + samples.path)) }
        if let expected = wanted.expected { files.append((expected.upload, "expected/" + expected.path)) }
        return files.map { (upload: $0.0, path: $0.1) }
    }

    private static func request(_ wanted: UploadedImportRequest, model: String, in place: String) -> ImportRequest {
        let paths = wanted.files.enumerated().map { index, file in "\(place)/\(index)/\(file.path)" }
        var request = ImportRequest(
            path: wanted.isFolder ? place + "/model" : paths[0], model: model, alias: wanted.alias,
            sourceName: wanted.sourceName.split(separator: "/").last.map(String.init) ?? "model")
        if !wanted.isFolder { request.further = Array(paths.dropFirst()) }
        request.samples = wanted.samples.map { place + "/samples/" + $0.path }
        request.expected = wanted.expected.map { place + "/expected/" + $0.path }
        request.options = wanted.options ?? ImportOptions()
        return request
    }
}
