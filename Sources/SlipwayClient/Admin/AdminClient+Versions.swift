// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import NIOCore
import NIOHTTP1
package import SlipwayCore
package import SlipwayWire

extension AdminClient {
    /// Sends the samples, if any; the server then checks its version before it answers.
    package func verify(
        _ request: VerificationRequest, progress: @escaping @Sendable (Double) -> Void
    ) async throws -> VerificationDTO {
        let samples = try await ModelFiles.files(request.samples)
        let expected = try await ModelFiles.files(request.expected)
        let bar = UploadProgress(total: (samples + expected).reduce(0) { $0 + $1.byteCount }) { progress($0 / 2) }
        let sender = UploadSender(client: self)
        var body = UploadedVerificationRequest(options: request.options)
        body.samples = try await sender.send(samples, bar).first
        body.expected = try await sender.send(expected, bar).first
        let route = AdminRoutes.verifyVersion
        // A server hashes and loads large models for as long as their disks take.
        let answer: VerificationDTO = try await caller.call(
            HTTPMethod(rawValue: route.method.rawValue), route.path(["reference": "\(request.reference)"]), body: body,
            timeout: .hours(24))
        progress(1)
        return answer
    }

    /// Failures one after the other without a byte between them.
    private static let maximumFailures = 8
    private static let longestPause = Duration.seconds(5)

    /// Goes on where a connection broke; what `body` throws ends it.
    package func readFile(
        _ digest: Digest, of version: ModelReference, from offset: Int,
        _ body: @Sendable (_ piece: [UInt8]) async throws -> Void
    ) async throws {
        let route = AdminRoutes.versionFile
        let values = ["reference": "\(version)", "digest": "\(digest)"]
        var position = offset
        var failures = 0
        while true {
            let before = position
            var refusal: (any Error)?
            do {
                let path = route.path(values, query: position > 0 ? [("offset", String(position))] : [])
                try await caller.stream(HTTPMethod(rawValue: route.method.rawValue), path, timeout: .hours(24)) {
                    part in
                    let piece = Array(part.readableBytesView)
                    do {
                        try await body(piece)
                    } catch {
                        refusal = error
                        throw error
                    }
                    position += piece.count
                }
                return
            } catch {
                if let refusal { throw refusal }
                try Task.checkCancellation()
                if let known = error as? ClientError, known.code != .unreachable { throw known }
                failures = position > before ? 1 : failures + 1
                guard failures < Self.maximumFailures else {
                    throw (error as? ClientError) ?? ClientError.unreachable("\(caller.address)", cause: error)
                }
                try await Task.sleep(for: min(Self.longestPause, .milliseconds(100 << failures)))
            }
        }
    }
}
