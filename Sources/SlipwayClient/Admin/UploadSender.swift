// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import SlipwayCore
import SlipwayWire
import Synchronization

/// How much of several files is sent.
final class UploadProgress: Sendable {
    private let total: Double
    private let tell: @Sendable (Double) -> Void
    private let sent = Mutex(0)

    init(total: Int, tell: @escaping @Sendable (Double) -> Void) {
        self.total = Double(max(1, total))
        self.tell = tell
    }

    /// - Parameter part: Bytes of the file being sent that are there, besides those of whole files.
    func show(_ part: Int) { tell(Double(sent.withLock { $0 } + part) / total) }

    func add(_ count: Int) { sent.withLock { $0 += count } }
}

/// Sends files to a server, whatever befalls the connection.
struct UploadSender {
    /// Small enough to go through proxies that buffer a request, large enough that their number does not matter.
    private static let pieceBytes = 64 << 20
    /// Failures one after the other without a byte between them.
    private static let maximumFailures = 8
    private static let longestPause = Duration.seconds(5)

    let client: AdminClient

    func send(_ files: [ModelFiles.File], _ progress: UploadProgress) async throws -> [UploadedImportRequest.File] {
        var sent: [UploadedImportRequest.File] = []
        for file in files {
            sent.append(.init(upload: try await send(file, progress), path: file.name))
            progress.add(file.byteCount)
        }
        return sent
    }

    /// - Returns: The upload's id.
    private func send(_ file: ModelFiles.File, _ progress: UploadProgress) async throws -> String {
        let request = UploadRequest(byteCount: file.byteCount, digest: try await client.digest?(file.path))
        var state: UploadDTO = try await client.call(AdminRoutes.beginUpload, body: request)
        var failures = 0
        while !state.isComplete {
            do {
                state = try await append(file, state, progress)
                failures = 0
            } catch let error as ClientError where Self.mayPass(error) {
                failures += 1
                guard failures <= Self.maximumFailures else { throw error }
                try await Task.sleep(for: min(Self.longestPause, .milliseconds(100 << failures)))
                guard let known = try await ask(state.id, after: error) else { continue }
                if known.offset > state.offset { failures = 0 }
                state = known
            }
        }
        return state.id
    }

    /// How far the upload is; `nil` while the server cannot be reached.
    private func ask(_ id: String, after error: ClientError) async throws -> UploadDTO? {
        do {
            return try await client.call(AdminRoutes.upload, ["id": id])
        } catch let problem where problem.code == .unreachable {
            return nil
        } catch let problem where problem.category == .notFound {
            // What arrived was not what was announced, and is gone.
            throw error
        }
    }

    private func append(
        _ file: ModelFiles.File, _ state: UploadDTO, _ progress: UploadProgress
    ) async throws -> UploadDTO {
        let end = min(file.byteCount, state.offset + Self.pieceBytes)
        let offset = state.offset
        let piece = FileUpload(path: file.path, bytes: offset..<end) { fraction in
            progress.show(offset + Int(Double(end - offset) * fraction))
        }
        let path = AdminRoutes.appendUpload.path(["id": state.id], query: [("offset", String(offset))])
        let reply = try await client.caller.call(
            .PUT, path, headers: ["content-type": "application/octet-stream"],
            body: .stream(piece, length: .known(Int64(piece.byteCount))), timeout: .hours(24))
        return try ServerCaller.decode(UploadDTO.self, from: reply.body, location: "PUT \(path)")
    }

    /// A connection that broke, a piece before it that the server still waits for, or an offset that is out of date.
    private static func mayPass(_ error: ClientError) -> Bool {
        error.code == .unreachable || error.code == .refused && [.unavailable, .conflict].contains(error.category)
    }
}
