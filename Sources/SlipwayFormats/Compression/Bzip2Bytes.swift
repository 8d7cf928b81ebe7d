// SPDX-License-Identifier: Apache-2.0

/// What bzip2 makes of a source, piece by piece, by the system's library.
///
/// Functions and the stream's layout: bzlib.h, version 1.0.
final class Bzip2Bytes: SequentialBytes {
    private struct Library: Sendable {
        typealias Initialize = @Sendable @convention(c) (UnsafeMutableRawPointer, Int32, Int32) -> Int32
        typealias Step = @Sendable @convention(c) (UnsafeMutableRawPointer) -> Int32

        static let shared = Library()
        let initialize: Initialize
        let decompress: Step
        let end: Step

        init?() {
            guard let library = CompressionLibrary("libbz2.so.1.0"),
                let initialize = library.function("BZ2_bzDecompressInit", as: Initialize.self),
                let decompress = library.function("BZ2_bzDecompress", as: Step.self),
                let end = library.function("BZ2_bzDecompressEnd", as: Step.self)
            else { return nil }
            (self.initialize, self.decompress, self.end) = (initialize, decompress, end)
        }
    }

    /// `bz_stream` on a 64-bit machine.
    private struct Stream {
        var nextIn: UnsafeRawPointer?
        var availableIn: UInt32 = 0
        var totalIn: (UInt32, UInt32) = (0, 0)
        var nextOut: UnsafeMutableRawPointer?
        var availableOut: UInt32 = 0
        var totalOut: (UInt32, UInt32) = (0, 0)
        var state: UnsafeRawPointer?
        var allocate: UnsafeRawPointer?
        var free: UnsafeRawPointer?
        var opaque: UnsafeRawPointer?
    }

    let remaining: Int? = nil

    private var input: PackedInput
    private let library: Library
    private let stream: UnsafeMutablePointer<Stream>
    private var isOpen = false
    private var isFinished = false

    init(_ source: any ByteSource) throws(FormatError) {
        guard let library = Library.shared else {
            throw WholeFileCompression.missing("bzip2", library: "libbz2.so.1.0", package: "libbz2-1.0")
        }
        self.library = library
        input = PackedInput(source)
        stream = .allocate(capacity: 1)
        stream.initialize(to: Stream())
    }

    deinit {
        if isOpen { _ = library.end(stream) }
        stream.deallocate()
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(FormatError) -> Int {
        while true {
            let packed = try input.available(atLeast: isFinished ? 3 : 1)
            if isFinished {
                guard packed.count > 2, packed[0] == 0x42, packed[1] == 0x5A, packed[2] == 0x68 else { return 0 }
                isFinished = false
            }
            guard !packed.isEmpty else { throw WholeFileCompression.cut }
            try open()
            stream.pointee.nextIn = packed.baseAddress
            stream.pointee.availableIn = UInt32(packed.count)
            let room = min(buffer.count, 1 << 30)
            stream.pointee.nextOut = buffer.baseAddress
            stream.pointee.availableOut = UInt32(room)
            let status = library.decompress(stream)
            // BZ_OK is 0, BZ_STREAM_END is 4.
            guard status == 0 || status == 4 else { throw WholeFileCompression.damaged }
            let taken = packed.count - Int(stream.pointee.availableIn)
            let made = room - Int(stream.pointee.availableOut)
            input.take(taken)
            if status == 4 {
                isFinished = true
                isOpen = false
                _ = library.end(stream)
            }
            if made > 0 { return made }
            guard taken > 0 || isFinished else { throw WholeFileCompression.damaged }
        }
    }

    private func open() throws(FormatError) {
        guard !isOpen else { return }
        stream.pointee = Stream()
        guard library.initialize(stream, 0, 0) == 0 else {
            throw FormatError(.unreadable, "bzip2 has no memory for another stream")
        }
        isOpen = true
    }
}
