// SPDX-License-Identifier: Apache-2.0

/// Decompressed bytes, counted: a small file can make as many of them as it likes.
final class MeteredBytes: SequentialBytes {
    private let bytes: any SequentialBytes
    private let limit: Int
    /// Bytes that were read so far.
    private(set) var count = 0
    /// Whether there was more than the limit.
    private(set) var isCut = false

    /// - Parameter limit: More bytes than that are refused.
    init(_ bytes: any SequentialBytes, limit: Int) {
        self.bytes = bytes
        self.limit = limit
    }

    var remaining: Int? { bytes.remaining }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(FormatError) -> Int {
        guard count < limit else {
            isCut = true
            throw FormatError(.limitExceeded, "decompressed, it is many times as large as the file")
        }
        let made = try bytes.read(
            into: UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(min(buffer.count, limit - count))))
        count += made
        return made
    }
}
