// SPDX-License-Identifier: Apache-2.0

import CZlib

/// What zlib makes of a source, piece by piece.
final class InflatedBytes: SequentialBytes {
    let remaining: Int? = nil

    private var input: PackedInput
    private let framing: CompressionFraming
    private let stream: UnsafeMutablePointer<z_stream>
    private var isOpen = false
    private var isFinished = false

    init(_ source: any ByteSource, framing: CompressionFraming) {
        input = PackedInput(source)
        self.framing = framing
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
    }

    deinit {
        if isOpen { inflateEnd(stream) }
        stream.deinitialize(count: 1)
        stream.deallocate()
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(FormatError) -> Int {
        while true {
            let packed = try input.available(atLeast: isFinished ? 2 : 1)
            if isFinished {
                // Members in a row are one stream, with gzip; other bytes at the end are left alone, as Python does.
                guard framing == .gzip, packed.count > 1, packed[0] == 0x1F, packed[1] == 0x8B else { return 0 }
                inflateReset(stream)
                isFinished = false
            }
            guard !packed.isEmpty, let base = packed.baseAddress else { throw WholeFileCompression.cut }
            try open(packed)
            // zlib reads from `next_in` only; the type lacks a const.
            stream.pointee.next_in = UnsafeMutablePointer(mutating: base.assumingMemoryBound(to: UInt8.self))
            stream.pointee.avail_in = UInt32(packed.count)
            let room = min(buffer.count, 1 << 30)
            stream.pointee.next_out = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
            stream.pointee.avail_out = UInt32(room)
            let status = inflate(stream, Z_NO_FLUSH)
            let taken = packed.count - Int(stream.pointee.avail_in)
            let made = room - Int(stream.pointee.avail_out)
            input.take(taken)
            switch status {
            case Z_STREAM_END: isFinished = true
            case Z_OK: break
            case Z_MEM_ERROR: throw FormatError(.unreadable, "zlib has no memory left")
            default: throw WholeFileCompression.damaged
            }
            if made > 0 { return made }
            guard taken > 0 || isFinished else { throw WholeFileCompression.damaged }
        }
    }

    private func open(_ packed: UnsafeRawBufferPointer) throws(FormatError) {
        guard !isOpen else { return }
        let bits = framing.windowBits(firstBytes: packed)
        guard inflateInit2_(stream, bits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw FormatError(.unreadable, "zlib has no memory for another stream")
        }
        isOpen = true
    }
}
