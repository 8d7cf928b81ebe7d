// SPDX-License-Identifier: Apache-2.0

/// What a zip file may ask of its reader.
public struct ZipLimits: Sendable, Hashable {
    public var entryCount: Int
    /// Bytes of one entry's name.
    public var nameLength: Int
    /// Bytes of the central directory.
    public var directoryByteCount: Int
    /// Bytes of all entries together once they are unpacked.
    public var totalByteCount: Int
    /// Bytes unpacked for each byte packed, of all entries together; counts past ``freeByteCount`` only.
    public var ratio: Int
    /// Up to this many unpacked bytes any ratio is fine: an array of zeros packs to a thousandth.
    public var freeByteCount: Int

    public init(totalByteCount: Int = 64 << 30) {
        entryCount = 100_000
        nameLength = 4096
        directoryByteCount = 64 << 20
        self.totalByteCount = totalByteCount
        ratio = 200
        freeByteCount = 64 << 20
    }
}
