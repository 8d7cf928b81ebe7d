// SPDX-License-Identifier: Apache-2.0

import SlipwayControl
import SlipwayCore
import SlipwayEngine
import SlipwayWire

/// A stored version's files, and whether they are sound.
extension AdminHandlers {
    var versionRoutes: [Route] {
        [
            mount(AdminRoutes.verifyVersion, verify),
            mount(AdminRoutes.versionFile) { call in
                let reference = try ModelReference(parsing: call["reference"])
                let text = call["digest"]
                guard let digest = Digest(hex: text.hasPrefix("sha256:") ? String(text.dropFirst(7)) : text) else {
                    throw ControlError(.notFound, "'\(text.prefix(80))' is not the sha256 of a file")
                }
                let offset = try call.integerQuery("offset") ?? 0
                let flow = PieceFlow { put in
                    try await admin.readFile(digest, of: reference, from: offset) { try await put($0) }
                }
                return try await flow.reply()
            },
        ]
    }

    @Sendable private func verify(_ call: HTTPCall) async throws -> HTTPReply {
        var request = VerificationRequest(try ModelReference(parsing: call["reference"]))
        let wanted = try await call.dto(UploadedVerificationRequest.self)
        if let options = wanted.options { request.options = options }
        guard let samples = wanted.samples else {
            guard wanted.expected == nil else {
                throw ServerError(.badParameter, "expected answers need the rows they are of: upload samples too")
            }
            return try .dto(plain(try await admin.verify(request) { _ in }, folders))
        }
        let files =
            [(upload: samples.upload, path: "samples/" + samples.path)]
            + (wanted.expected.map { [(upload: $0.upload, path: "expected/" + $0.path)] } ?? [])
        let place = try await blocking { try pieces.layOut(files) }
        request.samples = place + "/samples/" + samples.path
        request.expected = wanted.expected.map { place + "/expected/" + $0.path }
        let result: Result<VerificationDTO, any Error>
        do {
            result = .success(plain(try await admin.verify(request) { _ in }, [place] + folders))
        } catch {
            result = .failure(RemoteError.told(error, without: [place] + folders))
        }
        try? await LoaderThread.run {
            UploadFolder.removeLayout(place)
            // What failed may be tried again, with other options, without sending it again.
            guard case .success = result else { return }
            for file in files { try? pieces.remove(file.upload) }
        }
        return try .dto(try result.get())
    }

    private func plain(_ verification: VerificationDTO, _ folders: [String]) -> VerificationDTO {
        var told = verification
        told.problems = told.problems.map { RemoteError.plain($0, without: folders) }
        told.report.notes = told.report.notes.map { RemoteError.plain($0, without: folders) }
        return told
    }
}
