// SPDX-License-Identifier: Apache-2.0

/// What surrounds deflated data.
public enum CompressionFraming: Sendable, Hashable {
    /// RFC 1952, what HTTP calls `gzip`; several members in a row are one stream.
    case gzip
    /// RFC 1950, what HTTP calls `deflate`.
    case zlib
    /// RFC 1951 alone, as in zip files.
    case raw
    /// ``zlib`` or, where the two header bytes do not fit it, ``raw``: what clients send as HTTP `deflate`.
    case zlibOrRaw

    /// The number zlib takes for its window size and the framing.
    func windowBits(firstBytes: UnsafeRawBufferPointer) -> Int32 {
        switch self {
        case .gzip: return 15 + 16
        case .zlib: return 15
        case .raw: return -15
        case .zlibOrRaw:
            guard firstBytes.count >= 2 else { return 15 }
            let isZlib = firstBytes[0] & 0x0F == 8 && (Int(firstBytes[0]) << 8 + Int(firstBytes[1])) % 31 == 0
            return isZlib ? 15 : -15
        }
    }
}
