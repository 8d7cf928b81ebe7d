// SPDX-License-Identifier: Apache-2.0

import CZlib

/// Deflates data that lie in memory as a whole.
public enum Deflate {
    /// The deflated bytes.
    ///
    /// - Parameters:
    ///   - level: 1 is fastest, 9 smallest; others are brought into that range.
    ///   - framing: ``CompressionFraming/zlibOrRaw`` writes ``CompressionFraming/zlib``.
    /// - Throws: ``FormatError`` `unreadable` when memory is short.
    public static func compress(
        _ bytes: UnsafeRawBufferPointer, framing: CompressionFraming, level: Int = 6
    ) throws(FormatError) -> [UInt8] {
        var stream = z_stream()
        let bits = framing == .zlibOrRaw ? 15 : framing.windowBits(firstBytes: bytes)
        let size = Int32(MemoryLayout<z_stream>.size)
        let level = Int32(min(max(level, 1), 9))
        guard deflateInit2_(&stream, level, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size) == Z_OK else {
            throw FormatError(.unreadable, "zlib has no memory for another stream")
        }
        defer { deflateEnd(&stream) }
        let chunk = 64 * 1024
        let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: chunk, alignment: 16)
        defer { scratch.deallocate() }
        var output: [UInt8] = []
        output.reserveCapacity(min(bytes.count, 1 << 30) / 2 + 64)
        var offset = 0
        var status = Z_OK
        repeat {
            let given = min(bytes.count - offset, Int(UInt32.max))
            let start = bytes.baseAddress?.advanced(by: offset).assumingMemoryBound(to: UInt8.self)
            // zlib reads from `next_in` only; the type lacks a const.
            stream.next_in = start.map { UnsafeMutablePointer(mutating: $0) }
            stream.avail_in = UInt32(given)
            let isLast = offset + given == bytes.count
            repeat {
                stream.next_out = scratch.baseAddress?.assumingMemoryBound(to: UInt8.self)
                stream.avail_out = UInt32(chunk)
                status = deflate(&stream, isLast ? Z_FINISH : Z_NO_FLUSH)
                output.append(contentsOf: scratch[0..<(chunk - Int(stream.avail_out))])
            } while stream.avail_out == 0
            offset += given
        } while offset < bytes.count
        guard status == Z_STREAM_END else { throw FormatError(.unreadable, "zlib could not finish the data") }
        return output
    }

    /// The deflated bytes of an array.
    ///
    /// - Throws: ``FormatError`` `unreadable` when memory is short.
    public static func compress(
        _ bytes: [UInt8], framing: CompressionFraming, level: Int = 6
    ) throws(FormatError) -> [UInt8] {
        try bytes.withRawBytes { (raw) throws(FormatError) in try compress(raw, framing: framing, level: level) }
    }
}
