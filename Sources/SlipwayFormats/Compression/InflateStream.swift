// SPDX-License-Identifier: Apache-2.0

import CZlib

/// Inflates data piece by piece; what it makes never exceeds a limit.
///
/// Not for use by several threads at once.
public final class InflateStream {
    public private(set) var outputCount = 0
    /// Whether the deflated data came to their own end.
    public private(set) var isFinished = false

    private let stream: UnsafeMutablePointer<z_stream>
    private let framing: CompressionFraming
    private let outputLimit: Int
    private var isOpen = false
    /// Where zlib writes before the bytes join the output.
    private let scratch: UnsafeMutableRawBufferPointer

    private static let chunkSize = 64 * 1024

    /// - Parameter outputLimit: The most bytes all output together may have.
    public init(framing: CompressionFraming, outputLimit: Int) {
        self.framing = framing
        // One below the largest, because the limit and one more byte are asked for.
        self.outputLimit = max(0, min(outputLimit, Int.max - 1))
        scratch = .allocate(byteCount: Self.chunkSize, alignment: 16)
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
    }

    deinit {
        if isOpen { inflateEnd(stream) }
        stream.deinitialize(count: 1)
        stream.deallocate()
        scratch.deallocate()
    }

    /// Inflates `input` and appends the result to `output`.
    ///
    /// - Throws: ``FormatError`` `limitExceeded` before `output` grows past the limit, `malformed` for damaged data
    ///   and for bytes after the end.
    public func append(_ input: UnsafeRawBufferPointer, to output: inout [UInt8]) throws(FormatError) {
        guard let base = input.baseAddress, input.count > 0 else { return }
        try open(input)
        var offset = 0
        repeat {
            if isFinished { try startNextMember() }
            let given = min(input.count - offset, Int(UInt32.max))
            let start = base.advanced(by: offset).assumingMemoryBound(to: UInt8.self)
            // zlib reads from `next_in` only; the type lacks a const.
            stream.pointee.next_in = UnsafeMutablePointer(mutating: start)
            stream.pointee.avail_in = UInt32(given)
            defer { stream.pointee.next_in = nil }
            try inflateChunks(into: &output)
            let taken = given - Int(stream.pointee.avail_in)
            guard taken > 0 else { throw FormatError(.malformed, "the compressed data are damaged") }
            offset += taken
        } while offset < input.count
    }

    /// Throws `truncated` unless the data came to their end.
    public func finish() throws(FormatError) {
        guard isFinished else { throw FormatError(.truncated, "the compressed data end too early") }
    }

    private func open(_ input: UnsafeRawBufferPointer) throws(FormatError) {
        guard !isOpen else { return }
        let bits = framing.windowBits(firstBytes: input)
        let size = Int32(MemoryLayout<z_stream>.size)
        guard inflateInit2_(stream, bits, ZLIB_VERSION, size) == Z_OK else {
            throw FormatError(.unreadable, "zlib has no memory for another stream")
        }
        isOpen = true
    }

    private func startNextMember() throws(FormatError) {
        guard framing == .gzip else {
            throw FormatError(.malformed, "there are bytes after the end of the compressed data")
        }
        inflateReset(stream)
        isFinished = false
    }

    /// Inflates until the input is used up or the stream ends.
    private func inflateChunks(into output: inout [UInt8]) throws(FormatError) {
        while !isFinished {
            // One byte more than allowed, so that going past the limit shows.
            let room = min(Self.chunkSize, outputLimit - outputCount + 1)
            stream.pointee.next_out = scratch.baseAddress?.assumingMemoryBound(to: UInt8.self)
            stream.pointee.avail_out = UInt32(room)
            let status = inflate(stream, Z_NO_FLUSH)
            let made = room - Int(stream.pointee.avail_out)
            output.append(contentsOf: scratch[0..<min(made, outputLimit - outputCount)])
            outputCount += made
            guard outputCount <= outputLimit else {
                throw FormatError(
                    .limitExceeded, "the data are larger than the limit of \(outputLimit) bytes once decompressed")
            }
            switch status {
            case Z_STREAM_END: isFinished = true
            case Z_OK: if stream.pointee.avail_in == 0 && made < room { return }
            case Z_BUF_ERROR: return
            case Z_MEM_ERROR: throw FormatError(.unreadable, "zlib has no memory left")
            default: throw FormatError(.malformed, "the compressed data are damaged")
            }
        }
    }
}
