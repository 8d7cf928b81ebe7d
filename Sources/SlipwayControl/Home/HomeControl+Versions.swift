// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
import SlipwayRegistry
package import SlipwayWire

extension HomeControl {
    package func verify(
        _ request: VerificationRequest, progress: @escaping @Sendable (Double) -> Void
    ) async throws -> VerificationDTO {
        let verifier = VersionVerifier(store: store, artifacts: artifacts, engines: engines, samples: samples)
        return try await verifier.run(request, progress: progress)
    }

    package func readFile(
        _ digest: Digest, of version: ModelReference, from offset: Int,
        _ body: @Sendable (_ piece: [UInt8]) async throws -> Void
    ) async throws {
        let record = try await registry.resolve(version)
        guard let file = record.draft.files.first(where: { $0.digest == digest }) else {
            throw ControlError(.notFound, "\(record.id) has no file with the digest \(digest)")
        }
        guard (0...file.byteCount).contains(offset) else {
            throw ControlError(
                .invalidRequest, "the file has \(file.byteCount) bytes, and none begins at \(offset)")
        }
        try await artifacts.read(digest, from: offset, body)
    }
}
