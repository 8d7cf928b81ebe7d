// SPDX-License-Identifier: Apache-2.0

/// Zstandard by the system's library.
///
/// Functions and their types: zstd.h, version 1.
struct ZstandardLibrary: Sendable {
    static let shared = ZstandardLibrary()

    private typealias Bound = @Sendable @convention(c) (Int) -> Int
    private typealias Compress =
        @Sendable @convention(c) (UnsafeMutableRawPointer?, Int, UnsafeRawPointer?, Int, Int32) -> Int
    private typealias Decompress =
        @Sendable @convention(c) (UnsafeMutableRawPointer?, Int, UnsafeRawPointer?, Int) -> Int
    private typealias IsError = @Sendable @convention(c) (Int) -> UInt32

    /// The fastest of the usual ones: who captures must keep up with who serves.
    private static let level: Int32 = 1

    private let bound: Bound
    private let compressFrame: Compress
    private let decompressFrame: Decompress
    private let isError: IsError

    private init?() {
        guard let library = CompressionLibrary("libzstd.so.1"),
            let bound = library.function("ZSTD_compressBound", as: Bound.self),
            let compress = library.function("ZSTD_compress", as: Compress.self),
            let decompress = library.function("ZSTD_decompress", as: Decompress.self),
            let isError = library.function("ZSTD_isError", as: IsError.self)
        else { return nil }
        self.bound = bound
        compressFrame = compress
        decompressFrame = decompress
        self.isError = isError
    }

    func compress(_ bytes: UnsafeRawBufferPointer) throws(FormatError) -> [UInt8] {
        let result = [UInt8](unsafeUninitializedCapacity: bound(bytes.count)) { target, count in
            let written = compressFrame(
                target.baseAddress, target.count, bytes.baseAddress, bytes.count, Self.level)
            count = isError(written) == 0 ? written : 0
        }
        guard !result.isEmpty else {
            throw FormatError(.unreadable, "zstd could not compress a block: memory is short")
        }
        return result
    }

    func decompress(
        _ bytes: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
    ) throws(FormatError) {
        let written = decompressFrame(target.baseAddress, target.count, bytes.baseAddress, bytes.count)
        guard isError(written) == 0, written == target.count else { throw BlockCompression.damaged }
    }
}
