// SPDX-License-Identifier: Apache-2.0

import CZlib

/// What zlib makes of a source, piece by piece.
final class InflatedBytes: SequentialBytes {
    let remaining: Int? = nil

    private var input: PackedInput
    private let framing: CompressionFraming
    private let inflater: Inflater
    private var isFinished = false

    init(_ source: any ByteSource, framing: CompressionFraming) {
        input = PackedInput(source)
        self.framing = framing
        inflater = Inflater(framing)
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(FormatError) -> Int {
        while true {
            let packed = try input.available(atLeast: isFinished ? 2 : 1)
            if isFinished {
                // Members in a row are one stream, with gzip; other bytes at the end are left alone, as Python does.
                guard framing == .gzip, packed.count > 1, packed[0] == 0x1F, packed[1] == 0x8B else { return 0 }
                inflater.startOver()
                isFinished = false
            }
            guard !packed.isEmpty else { throw WholeFileCompression.cut }
            let step = try inflater.step(packed, into: buffer)
            input.take(step.taken)
            guard step.status == Z_STREAM_END || step.status == Z_OK else { throw WholeFileCompression.damaged }
            isFinished = step.status == Z_STREAM_END
            if step.made > 0 { return step.made }
            guard step.taken > 0 || isFinished else { throw WholeFileCompression.damaged }
        }
    }
}
