// SPDX-License-Identifier: Apache-2.0

package import NIOCore
package import SlipwayWire

/// A large segment in buffers of its own, made one by one as the socket takes them.
///
/// A piece is small enough for its memory to be in the processor's cache and to be used again for the next one.
package struct ReplyPieces: Sequence, IteratorProtocol {
    package static let byteCount = 256 << 10

    private let segment: WireSegment
    private var offset = 0

    package init(_ segment: WireSegment) { self.segment = segment }

    package mutating func next() -> ByteBuffer? {
        let count = Swift.min(Self.byteCount, segment.byteCount - offset)
        guard count > 0 else { return nil }
        var buffer = ByteBufferAllocator().buffer(capacity: count)
        segment.withBytes { bytes in
            _ = buffer.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + count)]))
        }
        offset += count
        return buffer
    }
}
