// SPDX-License-Identifier: Apache-2.0

/// What LZ4 makes of a source's frames, piece by piece, by the system's library.
final class LZ4Bytes: SequentialBytes {
    let remaining: Int? = nil

    private var input: PackedInput
    private let library: LZ4Library
    private let context: OpaquePointer
    /// Whether a frame came to its end and no other began.
    private var isBetweenFrames = false

    init(_ source: any ByteSource) throws(FormatError) {
        guard let library = LZ4Library.shared else {
            throw WholeFileCompression.missing("lz4", library: "liblz4.so.1", package: "liblz4-1")
        }
        self.library = library
        context = try library.makeContext()
        input = PackedInput(source)
    }

    deinit { library.free(context) }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(FormatError) -> Int {
        while true {
            let packed = try input.available()
            guard !packed.isEmpty else {
                if isBetweenFrames { return 0 }
                throw WholeFileCompression.cut
            }
            let step = try library.step(context, packed, into: buffer)
            input.take(step.taken)
            isBetweenFrames = step.isFrameEnd
            if step.made > 0 { return step.made }
            guard step.taken > 0 else { throw WholeFileCompression.damaged }
        }
    }
}
