// SPDX-License-Identifier: Apache-2.0

import GRPCCore
package import NIOCore
import SlipwayCore
import SlipwayFormats

/// One message as it was received, without its five-byte prefix.
package enum GRPCMessage: Sendable {
    /// It came in one piece of the socket's buffer.
    case piece(ByteBuffer)
    /// It came in several and was put together.
    case assembled(ReceivedBody)

    package var byteCount: Int {
        switch self {
        case .piece(let buffer): buffer.readableBytes
        case .assembled(let body): body.count
        }
    }

    /// The same, without holding on to a receive buffer that is much larger: for messages that wait.
    var compact: GRPCMessage {
        guard case .piece(let piece) = self, piece.readableBytes < 4096 else { return self }
        return .piece(ByteBuffer(bytes: piece.readableBytesView))
    }

    /// Calls `body` with the bytes.
    ///
    /// - Parameter body: Its second argument keeps the bytes alive and unchanged where that is possible: tensors may
    ///   then be views of them; where it is `nil`, they are copied.
    package func withBytes<R>(_ body: (UnsafeRawBufferPointer, AnyObject?) throws -> R) rethrows -> R {
        switch self {
        case .piece(let buffer): try buffer.withUnsafeReadableBytes { try body($0, nil) }
        case .assembled(let whole): try whole.withUnsafeReadableBytes { try body($0, whole) }
        }
    }

    /// - Throws: `RPCError` when the message is damaged, or larger than `limit` once decompressed.
    package func decompressed(_ encoding: GRPCRequestHead.Encoding, limit: Int) throws -> GRPCMessage {
        guard let framing = encoding.framing else {
            throw RPCError(
                code: .internalError, message: "a message is flagged as compressed and no encoding was named")
        }
        do {
            let bytes = try withBytes { raw, _ in
                try Inflate.decompress(raw, framing: framing, outputLimit: limit)
            }
            let body = AligningBody(messageLength: bytes.count)
            bytes.withUnsafeBytes { body.append($0) }
            body.finish()
            return .assembled(body.body)
        } catch let error as FormatError where error.category == .tooLarge {
            throw Self.tooLarge(limit: limit)
        } catch {
            throw RPCError(
                code: .internalError, message: "a message is not valid \(encoding.rawValue) data", cause: error)
        }
    }

    static func tooLarge(limit: Int) -> RPCError {
        RPCError(
            code: .resourceExhausted,
            message: "the message has more than \(limit) bytes, compressed or decompressed: send less, or start the "
                + "server with a larger --max-body")
    }
}
