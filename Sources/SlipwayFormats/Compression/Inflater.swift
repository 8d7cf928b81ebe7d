// SPDX-License-Identifier: Apache-2.0

import CZlib

/// A stream of zlib's that inflates, opened with the first bytes it is given and freed with its last reference.
///
/// Not for use by several threads at once.
final class Inflater {
    private let stream: UnsafeMutablePointer<z_stream>
    private let framing: CompressionFraming
    private var isOpen = false

    init(_ framing: CompressionFraming) {
        self.framing = framing
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
    }

    deinit {
        if isOpen { inflateEnd(stream) }
        stream.deinitialize(count: 1)
        stream.deallocate()
    }

    /// Goes on with another member of the same framing.
    func startOver() { inflateReset(stream) }

    /// Inflates from the front of `input` into the front of `output`; both may be used in part.
    ///
    /// - Parameter status: What zlib said; damage is left to the caller.
    /// - Throws: ``FormatError`` `unreadable` where zlib has no memory.
    func step(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) throws(FormatError) -> (taken: Int, made: Int, status: Int32) {
        try open(input)
        let (given, room) = (min(input.count, 1 << 30), min(output.count, 1 << 30))
        // zlib reads from `next_in` only; the type lacks a const.
        stream.pointee.next_in = UnsafeMutablePointer(
            mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
        stream.pointee.avail_in = UInt32(given)
        stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = UInt32(room)
        let status = inflate(stream, Z_NO_FLUSH)
        guard status != Z_MEM_ERROR else { throw FormatError(.unreadable, "zlib has no memory left") }
        return (given - Int(stream.pointee.avail_in), room - Int(stream.pointee.avail_out), status)
    }

    private func open(_ input: UnsafeRawBufferPointer) throws(FormatError) {
        guard !isOpen else { return }
        let bits = framing.windowBits(firstBytes: input)
        guard inflateInit2_(stream, bits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw FormatError(.unreadable, "zlib has no memory for another stream")
        }
        isOpen = true
    }
}
