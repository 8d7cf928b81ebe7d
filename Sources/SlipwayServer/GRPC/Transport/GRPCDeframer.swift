// SPDX-License-Identifier: Apache-2.0

package import GRPCCore
package import NIOCore

/// Cuts the data of one call into messages: a flag, four bytes of length, the message (gRPC over HTTP/2).
package struct GRPCDeframer {
    package struct Frame: Sendable {
        package var isCompressed: Bool
        package var message: GRPCMessage

        var withoutItsBuffer: Frame { Frame(isCompressed: isCompressed, message: message.compact) }
    }

    private enum State {
        case prefix
        case message(isCompressed: Bool, length: Int)
        case assembling(isCompressed: Bool, missing: Int, AligningBody)
    }

    /// Of one message, in bytes.
    package let limit: Int
    private var state = State.prefix
    /// A prefix that came in parts.
    private var partial: [UInt8] = []

    package init(limit: Int) { self.limit = limit }

    /// Whether the data may end here.
    package var isBetweenMessages: Bool {
        if case .prefix = state { partial.isEmpty } else { false }
    }

    /// The next message that ends in `data`, which loses the bytes that were read; `nil` when `data` is used up.
    ///
    /// - Throws: `RPCError` for a flag that is none, or a length above the limit, as soon as it is announced.
    package mutating func next(_ data: inout ByteBuffer) throws(RPCError) -> Frame? {
        while true {
            switch state {
            case .prefix:
                guard let prefix = readPrefix(&data) else { return nil }
                guard prefix.flag <= 1 else {
                    throw RPCError(code: .internalError, message: "a message's flag is neither 0 nor 1")
                }
                guard prefix.length <= limit else { throw GRPCMessage.tooLarge(limit: limit) }
                state = .message(isCompressed: prefix.flag == 1, length: prefix.length)
            case .message(let isCompressed, let length):
                if let whole = data.readSlice(length: length) {
                    state = .prefix
                    return Frame(isCompressed: isCompressed, message: .piece(whole))
                }
                guard data.readableBytes > 0 else { return nil }
                state = .assembling(
                    isCompressed: isCompressed, missing: length, AligningBody(messageLength: length))
            case .assembling(let isCompressed, let missing, let body):
                let count = min(missing, data.readableBytes)
                data.withUnsafeReadableBytes { body.append(UnsafeRawBufferPointer(rebasing: $0.prefix(count))) }
                data.moveReaderIndex(forwardBy: count)
                guard count == missing else {
                    state = .assembling(isCompressed: isCompressed, missing: missing - count, body)
                    return nil
                }
                body.finish()
                state = .prefix
                return Frame(isCompressed: isCompressed, message: .assembled(body.body))
            }
        }
    }

    private mutating func readPrefix(_ data: inout ByteBuffer) -> (flag: UInt8, length: Int)? {
        if partial.isEmpty, data.readableBytes >= 5, let flag = data.readInteger(as: UInt8.self),
            let length = data.readInteger(as: UInt32.self)
        {
            return (flag, Int(length))
        }
        while partial.count < 5, let byte = data.readInteger(as: UInt8.self) { partial.append(byte) }
        guard partial.count == 5 else { return nil }
        defer { partial.removeAll() }
        return (partial[0], partial[1...].reduce(0) { $0 << 8 | Int($1) })
    }
}
