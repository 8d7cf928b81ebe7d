// SPDX-License-Identifier: Apache-2.0

/// Compression of blocks by libraries that the system may have: LZ4 frames and Zstandard.
public enum BlockCompression: String, Sendable, Hashable, CaseIterable {
    case lz4
    case zstd

    /// The Debian package whose library does it.
    var package: String { self == .lz4 ? "liblz4-1" : "libzstd1" }

    var library: String { self == .lz4 ? "liblz4.so.1" : "libzstd.so.1" }

    /// Whether the library was found.
    public var isAvailable: Bool {
        switch self {
        case .lz4: LZ4Library.shared != nil
        case .zstd: ZstandardLibrary.shared != nil
        }
    }

    /// The compressed bytes, one frame.
    ///
    /// - Throws: ``FormatError`` `unsupported` without the library, `unreadable` when memory is short.
    public func compress(_ bytes: UnsafeRawBufferPointer) throws(FormatError) -> [UInt8] {
        switch self {
        case .lz4:
            guard let library = LZ4Library.shared else { throw missing }
            return try library.compress(bytes)
        case .zstd:
            guard let library = ZstandardLibrary.shared else { throw missing }
            return try library.compress(bytes)
        }
    }

    /// Fills all of `target` with what `bytes` hold; never writes beyond it.
    ///
    /// - Throws: ``FormatError`` `unsupported` without the library, `malformed` when they are damaged or hold fewer or
    ///   more bytes.
    public func decompress(
        _ bytes: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
    ) throws(FormatError) {
        switch self {
        case .lz4:
            guard let library = LZ4Library.shared else { throw missing }
            try library.decompress(bytes, into: target)
        case .zstd:
            guard let library = ZstandardLibrary.shared else { throw missing }
            try library.decompress(bytes, into: target)
        }
    }

    private var missing: FormatError {
        FormatError(
            .unsupported,
            "\(rawValue) needs \(library), which this machine lacks: install it (\(package) on Debian), or write the "
                + "data uncompressed, with pyarrow IpcWriteOptions(compression=None)")
    }

    static var damaged: FormatError { FormatError(.malformed, "the compressed data are damaged") }
}
