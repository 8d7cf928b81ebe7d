// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import HummingbirdCore
import NIOCore
import SlipwayCore
import SlipwayFormats

extension HTTPCall {
    /// The whole body, decompressed.
    ///
    /// - Parameter headerLength: What follows so many bytes is to be aligned as tensors are.
    /// - Throws: ``ServerError`` `bodyTooLarge` when it is larger than the limit, before or after decompression,
    ///   `badBody` when it ends early or is damaged, `unsupportedEncoding`.
    func body(aligning headerLength: Int = 0) async throws -> ReceivedBody {
        let encoding = headers[.contentEncoding]
        guard let encoding, encoding.lowercased() != "identity" else {
            return try await receivedBody(aligning: headerLength)
        }
        let framing = try Self.framing(encoding)
        let received = try await receivedBody(aligning: 0)
        do {
            let bytes = try received.withUnsafeReadableBytes { raw in
                try Inflate.decompress(raw, framing: framing, outputLimit: bodyLimit)
            }
            let inflated = ReceivedBody(capacity: bytes.count, aligning: headerLength)
            bytes.withUnsafeBytes { inflated.append($0) }
            return inflated
        } catch let error as FormatError where error.category == .tooLarge {
            throw ServerError.bodyTooLarge(limit: bodyLimit)
        } catch {
            throw ServerError(.badBody, "the body is not valid \(encoding) data", cause: error)
        }
    }

    /// Memory set aside for a body before it comes: a length that is only announced must not exhaust the address space,
    /// however large the limit was made.
    private static let largestReservation = 1 << 30

    private func receivedBody(aligning headerLength: Int) async throws -> ReceivedBody {
        let expected = headers[.contentLength].flatMap { Int($0) } ?? 0
        guard expected <= bodyLimit else { throw ServerError.bodyTooLarge(limit: bodyLimit) }
        let body = ReceivedBody(capacity: min(max(0, expected), Self.largestReservation), aligning: headerLength)
        do {
            for try await part in bodyStream {
                guard body.count + part.readableBytes <= bodyLimit else {
                    throw ServerError.bodyTooLarge(limit: bodyLimit)
                }
                part.withUnsafeReadableBytes { body.append($0) }
            }
        } catch let error as ServerError {
            throw error
        } catch {
            throw ServerError(.badBody, "the body ended early", cause: error)
        }
        return body
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
