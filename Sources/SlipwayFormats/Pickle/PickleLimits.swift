// SPDX-License-Identifier: Apache-2.0

/// What reading one pickle may take.
public struct PickleLimits: Sendable, Hashable {
    /// Bytes of the stream, after decompression.
    public var byteCount: Int
    /// Values: each takes 16 bytes, and 4 more wherever another value holds it.
    public var nodeCount: Int
    /// The highest number of a value in the memo.
    public var memoCount: Int
    /// Bytes of all texts, and of bytes up to 4 KiB each.
    public var textByteCount: Int
    /// Marks that are open at the same time, and pickles inside pickles.
    public var depth: Int

    public init(
        byteCount: Int = 16 << 30, nodeCount: Int = 1 << 26, memoCount: Int = 1 << 26,
        textByteCount: Int = Int(UInt32.max), depth: Int = 1000
    ) {
        self.byteCount = byteCount
        self.nodeCount = min(nodeCount, Int(UInt32.max) - 1)
        self.memoCount = min(memoCount, Int(UInt32.max) - 1)
        self.textByteCount = min(textByteCount, Int(UInt32.max))
        self.depth = depth
    }
}
