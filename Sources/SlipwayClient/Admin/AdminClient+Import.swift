// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
package import SlipwayWire

extension AdminClient {
    /// Sends the model's files in pieces, then waits for the server's import.
    ///
    /// Pieces that a broken connection lost are sent again; an import of the same files that was ended goes on where it
    /// stopped. The first half of the progress is the upload, the second the import.
    ///
    /// - Throws: ``ClientError``; `refused` with the operation's error when the import failed.
    package func importModel(
        _ request: ImportRequest, progress: @escaping @Sendable (Double) -> Void
    ) async throws -> ImportDTO {
        let files = try await ModelFiles(request)
        let started: OperationDTO
        do {
            started = try await begin(request, files, progress)
        } catch let error as ClientError where error.code == .refused && error.category == .notFound {
            // Another client sent the same files, and its import removed them: they are sent once more.
            started = try await begin(request, files, progress)
        }
        let ended = try await wait(for: started) { progress(0.5 + $0 / 2) }
        guard let result = ended.result else {
            throw ClientError.invalidReply("no result", location: AdminRoutes.importUploads.template)
        }
        return result
    }

    /// Sends the files, and has the server begin with their import.
    private func begin(
        _ request: ImportRequest, _ files: ModelFiles, _ progress: @escaping @Sendable (Double) -> Void
    ) async throws -> OperationDTO {
        let bar = UploadProgress(total: files.byteCount) { progress($0 / 2) }
        let sender = UploadSender(client: self)
        var body = UploadedImportRequest(
            files: try await sender.send(files.parts, bar), isFolder: files.isFolder, sourceName: files.sourceName)
        body.samples = try await sender.send(files.samples, bar).first
        body.expected = try await sender.send(files.expected, bar).first
        body.alias = request.alias
        body.options = request.options
        return try await call(AdminRoutes.importUploads, ["model": request.model], body: body)
    }
}
