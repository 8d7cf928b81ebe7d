// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Expanded buffers of the batch that is read, so that each is expanded once.
struct ArrowBufferCache {
    private var buffers: [Int: TensorStorage] = [:]
    private var byteCount = 0

    /// The bytes of a compressed buffer.
    ///
    /// - Throws: ``FormatError`` `malformed`, `limitExceeded`, `unsupported` without the library.
    mutating func buffer(
        _ index: Int, of batch: ArrowBatch, _ compression: BlockCompression, in source: any ByteSource
    ) throws(FormatError) -> TensorStorage {
        if let known = buffers[index] { return known }
        let count = try batch.expandedByteCount(of: index, in: source)
        if byteCount + count > ArrowColumnReader.byteLimit { (buffers, byteCount) = ([:], 0) }
        let expanded = try Self.expanded(batch.buffers[index], count, compression, in: source)
        buffers[index] = expanded
        byteCount += count
        return expanded
    }

    private static func expanded(
        _ place: Range<Int>, _ count: Int, _ compression: BlockCompression, in source: any ByteSource
    ) throws(FormatError) -> TensorStorage {
        guard place.count > 8 else {
            guard count == 0 else { throw BlockCompression.damaged }
            return TensorStorage(byteCount: 0) { _ in }
        }
        let packed = try source.bytes(at: place.lowerBound, count: place.count)
        return try packed.withRawBytes { (raw) throws(FormatError) -> TensorStorage in
            let rest = UnsafeRawBufferPointer(rebasing: raw[8...])
            if raw.loadUnaligned(as: UInt64.self) == .max { return TensorStorage(copying: rest) }
            return try TensorStorage(byteCount: count) { (target) throws(FormatError) in
                try compression.decompress(rest, into: target)
            }
        }
    }
}
