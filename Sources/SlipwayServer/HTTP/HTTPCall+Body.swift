// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import HummingbirdCore
import NIOCore
import SlipwayCore
import SlipwayFormats

extension HTTPCall {
    /// The whole body, decompressed.
    ///
    /// - Throws: ``ServerError`` `bodyTooLarge` when it is larger than the limit, before or after decompression,
    ///   `badBody` when it ends early or is damaged, `unsupportedEncoding`.
    func body() async throws -> ByteBuffer {
        let received = try await receivedBody()
        guard let encoding = headers[.contentEncoding], encoding.lowercased() != "identity" else { return received }
        let framing = try Self.framing(encoding)
        do {
            let bytes = try received.withUnsafeReadableBytes { raw in
                try Inflate.decompress(raw, framing: framing, outputLimit: bodyLimit)
            }
            return ByteBuffer(bytes: bytes)
        } catch let error as FormatError where error.category == .tooLarge {
            throw ServerError.bodyTooLarge(limit: bodyLimit)
        } catch {
            throw ServerError(.badBody, "the body is not valid \(encoding) data", cause: error)
        }
    }

    private func receivedBody() async throws -> ByteBuffer {
        let expected = headers[.contentLength].flatMap { Int($0) }
        if let expected, expected > bodyLimit { throw ServerError.bodyTooLarge(limit: bodyLimit) }
        var collected = ByteBuffer()
        do {
            for try await part in bodyStream {
                guard collected.readableBytes + part.readableBytes <= bodyLimit else {
                    throw ServerError.bodyTooLarge(limit: bodyLimit)
                }
                if collected.readableBytes == 0 {
                    collected = part
                    // Room for all that was announced at once, so that growing does not copy again and again.
                    if let expected, expected > part.readableBytes {
                        collected.reserveCapacity(expected)
                    }
                } else {
                    collected.writeImmutableBuffer(part)
                }
            }
        } catch let error as ServerError {
            throw error
        } catch {
            throw ServerError(.badBody, "the body ended early", cause: error)
        }
        return collected
    }

    private static func framing(_ encoding: String) throws(ServerError) -> CompressionFraming {
        switch encoding.lowercased() {
        case "gzip", "x-gzip": .gzip
        case "deflate": .zlibOrRaw
        default:
            throw ServerError(
                .unsupportedEncoding, "content encoding is not supported: send gzip, deflate or no encoding")
        }
    }
}
