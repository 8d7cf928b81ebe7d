// SPDX-License-Identifier: Apache-2.0

package import GRPCCore
import HTTPTypes
package import NIOCore
package import NIOHPACK
package import SlipwayWire

/// The headers and data that answer a call.
package enum GRPCReplyFrames {
    /// The headers before the first message.
    package static func head(requestID: String, encoding: GRPCRequestHead.Encoding = .identity) -> HPACKHeaders {
        var headers = HPACKHeaders()
        headers.reserveCapacity(5)
        headers.add(name: ":status", value: "200")
        headers.add(name: "content-type", value: "application/grpc")
        headers.add(name: "grpc-accept-encoding", value: GRPCRequestHead.acceptedEncodings)
        if encoding != .identity { headers.add(name: "grpc-encoding", value: encoding.rawValue) }
        headers.add(name: RequestIdentifier.header.canonicalName, value: requestID, indexing: .nonIndexable)
        return headers
    }

    /// The headers after the last message.
    package static func trailers(_ status: Status) -> HPACKHeaders {
        var headers = HPACKHeaders()
        add(status, to: &headers)
        return headers
    }

    /// Head and trailers in one, for a call that is refused before any message.
    package static func refusal(_ status: Status, requestID: String) -> HPACKHeaders {
        var headers = head(requestID: requestID)
        add(status, to: &headers)
        return headers
    }

    private static func add(_ status: Status, to headers: inout HPACKHeaders) {
        headers.add(name: "grpc-status", value: String(status.code.rawValue))
        guard !status.message.isEmpty else { return }
        headers.add(name: "grpc-message", value: percentEncoded(status.message), indexing: .nonIndexable)
    }

    /// A message's prefix and first bytes, then the rest of it in pieces.
    package static func data(_ segments: [WireSegment], isCompressed: Bool = false) -> [ByteBuffer] {
        let byteCount = segments.reduce(0) { $0 + $1.byteCount }
        var buffer = ByteBufferAllocator().buffer(capacity: 5 + min(byteCount, ReplyPieces.byteCount))
        buffer.writeInteger(UInt8(isCompressed ? 1 : 0))
        buffer.writeInteger(UInt32(byteCount))
        guard byteCount > ReplyPieces.byteCount else {
            for segment in segments { _ = segment.withBytes { buffer.writeBytes($0) } }
            return [buffer]
        }
        var buffers: [ByteBuffer] = []
        for segment in segments {
            if segment.byteCount <= 4096 {
                _ = segment.withBytes { buffer.writeBytes($0) }
            } else {
                buffers.append(buffer)
                buffers.append(contentsOf: ReplyPieces(segment))
                buffer = ByteBuffer()
            }
        }
        if buffer.readableBytes > 0 { buffers.append(buffer) }
        return buffers
    }

    /// Longer messages are cut, so that they fit in a client's header limit.
    private static let longestMessage = 2048

    /// `grpc-message`: everything but printable ASCII, and `%`, is escaped (gRPC over HTTP/2: responses).
    package static func percentEncoded(_ message: String) -> String {
        let bytes = message.utf8.prefix(longestMessage)
        guard bytes.contains(where: { !isPlain($0) }) else { return String(Substring(bytes)) }
        var text = ""
        for byte in bytes {
            if isPlain(byte) {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let hexadecimal = String(byte, radix: 16, uppercase: true)
                text += hexadecimal.utf8.count == 1 ? "%0" + hexadecimal : "%" + hexadecimal
            }
        }
        return text
    }

    private static func isPlain(_ byte: UInt8) -> Bool { (0x20...0x7E).contains(byte) && byte != UInt8(ascii: "%") }
}
