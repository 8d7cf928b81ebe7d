// SPDX-License-Identifier: Apache-2.0

/// LZ4's frame format by the system's library.
///
/// Functions and their types: lz4frame.h, version 1.
struct LZ4Library: Sendable {
    static let shared = LZ4Library()

    private typealias Bound = @Sendable @convention(c) (Int, UnsafeRawPointer?) -> Int
    private typealias Compress =
        @Sendable @convention(c) (
            UnsafeMutableRawPointer?, Int, UnsafeRawPointer?, Int, UnsafeRawPointer?
        ) -> Int
    private typealias Create =
        @Sendable @convention(c) (UnsafeMutablePointer<OpaquePointer?>, UInt32) -> Int
    private typealias Free = @Sendable @convention(c) (OpaquePointer?) -> Int
    private typealias Decompress =
        @Sendable @convention(c) (
            OpaquePointer?, UnsafeMutableRawPointer?, UnsafeMutablePointer<Int>, UnsafeRawPointer?,
            UnsafeMutablePointer<Int>, UnsafeRawPointer?
        ) -> Int
    private typealias IsError = @Sendable @convention(c) (Int) -> UInt32

    /// What the header calls `LZ4F_VERSION`.
    private static let version: UInt32 = 100

    private let bound: Bound
    private let compressFrame: Compress
    private let create: Create
    private let freeContext: Free
    private let decompressPart: Decompress
    private let isError: IsError

    private init?() {
        guard let library = CompressionLibrary("liblz4.so.1"),
            let bound = library.function("LZ4F_compressFrameBound", as: Bound.self),
            let compress = library.function("LZ4F_compressFrame", as: Compress.self),
            let create = library.function("LZ4F_createDecompressionContext", as: Create.self),
            let free = library.function("LZ4F_freeDecompressionContext", as: Free.self),
            let decompress = library.function("LZ4F_decompress", as: Decompress.self),
            let isError = library.function("LZ4F_isError", as: IsError.self)
        else { return nil }
        self.bound = bound
        compressFrame = compress
        self.create = create
        freeContext = free
        decompressPart = decompress
        self.isError = isError
    }

    func compress(_ bytes: UnsafeRawBufferPointer) throws(FormatError) -> [UInt8] {
        let result = [UInt8](unsafeUninitializedCapacity: bound(bytes.count, nil)) { target, count in
            let written = compressFrame(target.baseAddress, target.count, bytes.baseAddress, bytes.count, nil)
            count = isError(written) == 0 ? written : 0
        }
        // A frame has a head at least, even of no bytes.
        guard !result.isEmpty else { throw FormatError(.unreadable, "lz4 could not compress a block: memory is short") }
        return result
    }

    func decompress(
        _ bytes: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
    ) throws(FormatError) {
        var context: OpaquePointer?
        guard isError(create(&context, Self.version)) == 0, context != nil else {
            throw FormatError(.unreadable, "lz4 has no memory for another stream")
        }
        defer { _ = freeContext(context) }
        var (read, written) = (0, 0)
        while true {
            var (given, room) = (bytes.count - read, target.count - written)
            let hint = decompressPart(
                context, target.baseAddress.map { $0 + written }, &room, bytes.baseAddress.map { $0 + read }, &given,
                nil)
            guard isError(hint) == 0 else { throw BlockCompression.damaged }
            read += given
            written += room
            if hint == 0 { break }
            // It wants more than there is, or more room than was announced.
            guard given > 0 || room > 0 else { throw BlockCompression.damaged }
        }
        guard read == bytes.count, written == target.count else { throw BlockCompression.damaged }
    }

    /// Room for a stream that is decompressed piece by piece; to be given to ``free(_:)``.
    func makeContext() throws(FormatError) -> OpaquePointer {
        var context: OpaquePointer?
        guard isError(create(&context, Self.version)) == 0, let context else {
            throw FormatError(.unreadable, "lz4 has no memory for another stream")
        }
        return context
    }

    func free(_ context: OpaquePointer) { _ = freeContext(context) }

    /// Decompresses some of `bytes` into some of `target`, both not empty.
    func step(
        _ context: OpaquePointer, _ bytes: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
    ) throws(FormatError) -> (taken: Int, made: Int, isFrameEnd: Bool) {
        var (taken, made) = (bytes.count, target.count)
        let hint = decompressPart(context, target.baseAddress, &made, bytes.baseAddress, &taken, nil)
        guard isError(hint) == 0 else { throw BlockCompression.damaged }
        return (taken, made, hint == 0)
    }
}
