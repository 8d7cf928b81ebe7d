// SPDX-License-Identifier: Apache-2.0

/// What xz and lzma make of a source, piece by piece, by the system's library.
///
/// Functions and the stream's layout: lzma/base.h and lzma/container.h, version 5.
final class LZMABytes: SequentialBytes {
    private struct Library: Sendable {
        typealias Decoder = @Sendable @convention(c) (UnsafeMutableRawPointer, UInt64, UInt32) -> UInt32
        typealias AloneDecoder = @Sendable @convention(c) (UnsafeMutableRawPointer, UInt64) -> UInt32
        typealias Code = @Sendable @convention(c) (UnsafeMutableRawPointer, UInt32) -> UInt32
        typealias End = @Sendable @convention(c) (UnsafeMutableRawPointer) -> Void

        static let shared = Library()
        let decoder: Decoder
        let aloneDecoder: AloneDecoder
        let code: Code
        let end: End

        init?() {
            guard let library = CompressionLibrary("liblzma.so.5"),
                let decoder = library.function("lzma_stream_decoder", as: Decoder.self),
                let aloneDecoder = library.function("lzma_alone_decoder", as: AloneDecoder.self),
                let code = library.function("lzma_code", as: Code.self),
                let end = library.function("lzma_end", as: End.self)
            else { return nil }
            (self.decoder, self.aloneDecoder, self.code, self.end) = (decoder, aloneDecoder, code, end)
        }
    }

    /// The parts of `lzma_stream` that are used, on a 64-bit machine; the rest is zeros behind them.
    private struct Stream {
        var nextIn: UnsafeRawPointer?
        var availableIn = 0
        var totalIn: UInt64 = 0
        var nextOut: UnsafeMutableRawPointer?
        var availableOut = 0
        var totalOut: UInt64 = 0
        var allocator: UnsafeRawPointer?
        var coder: UnsafeRawPointer?
    }

    /// `lzma_stream` takes 136 bytes.
    private static let byteCount = 192
    /// The largest preset takes 65 MiB.
    private static let memoryLimit: UInt64 = 256 << 20

    let remaining: Int? = nil

    private var input: PackedInput
    private let library: Library
    private let memory: UnsafeMutableRawPointer
    private let stream: UnsafeMutablePointer<Stream>
    private var isFinished = false

    /// - Parameter isAlone: The format before xz.
    init(_ source: any ByteSource, isAlone: Bool) throws(FormatError) {
        guard let library = Library.shared else {
            throw WholeFileCompression.missing("xz or lzma", library: "liblzma.so.5", package: "liblzma5")
        }
        self.library = library
        input = PackedInput(source)
        memory = .allocate(byteCount: Self.byteCount, alignment: 16)
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: Self.byteCount)
        stream = memory.bindMemory(to: Stream.self, capacity: 1)
        let status =
            isAlone
            ? library.aloneDecoder(memory, Self.memoryLimit)
            // 8: streams in a row are one.
            : library.decoder(memory, Self.memoryLimit, 8)
        guard status == 0 else { throw FormatError(.unreadable, "lzma has no memory for another stream") }
    }

    deinit {
        library.end(memory)
        memory.deallocate()
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(FormatError) -> Int {
        while !isFinished {
            let packed = try input.available()
            stream.pointee.nextIn = packed.baseAddress
            stream.pointee.availableIn = packed.count
            stream.pointee.nextOut = buffer.baseAddress
            stream.pointee.availableOut = buffer.count
            // LZMA_RUN is 0, LZMA_FINISH is 3.
            let status = library.code(memory, packed.isEmpty ? 3 : 0)
            let taken = packed.count - stream.pointee.availableIn
            let made = buffer.count - stream.pointee.availableOut
            input.take(taken)
            switch status {
            case 0: break
            case 1: isFinished = true
            case 6: throw FormatError(.limitExceeded, "the lzma data need more than 256 MiB to decompress")
            // LZMA_BUF_ERROR: it wants more than there is.
            case 10: throw WholeFileCompression.cut
            default: throw WholeFileCompression.damaged
            }
            if made > 0 { return made }
            guard taken > 0 || packed.isEmpty || isFinished else { throw WholeFileCompression.damaged }
        }
        return 0
    }
}
