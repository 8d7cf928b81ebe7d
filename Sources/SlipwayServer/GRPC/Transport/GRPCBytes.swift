// SPDX-License-Identifier: Apache-2.0

import GRPCCore
package import NIOCore

/// A message as grpc-swift-2 passes it between a transport and its serializers.
package struct GRPCBytes: GRPCContiguousBytes, Sendable {
    package var buffer: ByteBuffer

    package init(_ buffer: ByteBuffer) { self.buffer = buffer }

    package init(repeating byte: UInt8, count: Int) { buffer = ByteBuffer(repeating: byte, count: count) }

    package init<Bytes: Sequence>(_ sequence: Bytes) where Bytes.Element == UInt8 {
        buffer = ByteBuffer(bytes: sequence)
    }

    package init(_ message: GRPCMessage) {
        switch message {
        case .piece(let piece): buffer = piece
        case .assembled(let body): buffer = body.withUnsafeReadableBytes { ByteBuffer(bytes: $0) }
        }
    }

    package var count: Int { buffer.readableBytes }

    package func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try buffer.withUnsafeReadableBytes(body)
    }

    package mutating func withUnsafeMutableBytes<R>(_ body: (UnsafeMutableRawBufferPointer) throws -> R) rethrows -> R {
        try buffer.withUnsafeMutableReadableBytes(body)
    }
}
