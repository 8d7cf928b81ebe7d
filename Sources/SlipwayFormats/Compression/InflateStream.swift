// SPDX-License-Identifier: Apache-2.0

import CZlib

/// Inflates data piece by piece; what it makes never exceeds a limit.
///
/// Not for use by several threads at once.
public final class InflateStream {
    public private(set) var outputCount = 0
    /// Whether the deflated data came to their own end.
    public private(set) var isFinished = false

    private let inflater: Inflater
    private let framing: CompressionFraming
    private let outputLimit: Int
    /// Where zlib writes before the bytes join the output.
    private let scratch: UnsafeMutableRawBufferPointer

    private static let chunkSize = 64 * 1024

    /// - Parameter outputLimit: The most bytes all output together may have.
    public init(framing: CompressionFraming, outputLimit: Int) {
        self.framing = framing
        // One below the largest, because the limit and one more byte are asked for.
        self.outputLimit = max(0, min(outputLimit, Int.max - 1))
        scratch = .allocate(byteCount: Self.chunkSize, alignment: 16)
        inflater = Inflater(framing)
    }

    deinit { scratch.deallocate() }

    /// Inflates `input` and appends the result to `output`.
    ///
    /// - Throws: ``FormatError`` `limitExceeded` before `output` grows past the limit, `malformed` for damaged data
    ///   and for bytes after the end.
    public func append(_ input: UnsafeRawBufferPointer, to output: inout [UInt8]) throws(FormatError) {
        guard input.count > 0 else { return }
        var rest = input[...]
        repeat {
            if isFinished { try startNextMember() }
            let taken = try inflateChunks(UnsafeRawBufferPointer(rebasing: rest), into: &output)
            guard taken > 0 else { throw FormatError(.malformed, "the compressed data are damaged") }
            rest = rest.dropFirst(taken)
        } while !rest.isEmpty
    }

    /// Throws `truncated` unless the data came to their end.
    public func finish() throws(FormatError) {
        guard isFinished else { throw FormatError(.truncated, "the compressed data end too early") }
    }

    private func startNextMember() throws(FormatError) {
        guard framing == .gzip else {
            throw FormatError(.malformed, "there are bytes after the end of the compressed data")
        }
        inflater.startOver()
        isFinished = false
    }

    /// Inflates until the input is used up or the stream ends.
    ///
    /// - Returns: How much of the input was used.
    private func inflateChunks(
        _ input: UnsafeRawBufferPointer, into output: inout [UInt8]
    ) throws(FormatError) -> Int {
        var taken = 0
        while !isFinished {
            // One byte more than allowed, so that going past the limit shows.
            let room = min(Self.chunkSize, outputLimit - outputCount + 1)
            let step = try inflater.step(
                UnsafeRawBufferPointer(rebasing: input[taken...]),
                into: UnsafeMutableRawBufferPointer(rebasing: scratch[..<room]))
            taken += step.taken
            output.append(contentsOf: scratch[0..<min(step.made, outputLimit - outputCount)])
            outputCount += step.made
            guard outputCount <= outputLimit else {
                throw FormatError(
                    .limitExceeded, "the data are larger than the limit of \(outputLimit) bytes once decompressed")
            }
            switch step.status {
            case Z_STREAM_END: isFinished = true
            case Z_OK: if taken == input.count && step.made < room { return taken }
            case Z_BUF_ERROR: return taken
            default: throw FormatError(.malformed, "the compressed data are damaged")
            }
        }
        return taken
    }
}
