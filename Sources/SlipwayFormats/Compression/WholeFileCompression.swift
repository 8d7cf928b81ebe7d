// SPDX-License-Identifier: Apache-2.0

/// How a whole file is compressed, as its first bytes tell: what joblib's `compress=` writes.
enum WholeFileCompression: String, Sendable, CaseIterable {
    case zlib, gzip, bzip2, xz, lzma, lz4

    /// `nil` for a file that is not compressed, or in a way that is not known.
    init?(head: [UInt8]) {
        if head.has([0x1F, 0x8B, 8]) {
            self = .gzip
        } else if head.count > 1, head[0] == 0x78, (Int(head[0]) << 8 + Int(head[1])) % 31 == 0 {
            self = .zlib
        } else if head.has("BZh") {
            self = .bzip2
        } else if head.has([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0]) {
            self = .xz
        } else if head.has([0x04, 0x22, 0x4D, 0x18]) {
            self = .lz4
        } else if head.has([0x5D, 0, 0]), head.count > 12, head[12] == 0 || head[12] == 0xFF {
            // The old lzma format has no magic: the usual properties, a dictionary of whole pages, a sane size.
            self = .lzma
        } else {
            return nil
        }
    }

    /// The decompressed bytes of `source`, made as they are asked for.
    ///
    /// - Throws: ``FormatError`` `unsupported` when the library it takes is not installed.
    func bytes(of source: any ByteSource) throws(FormatError) -> any SequentialBytes {
        switch self {
        case .zlib: InflatedBytes(source, framing: .zlib)
        case .gzip: InflatedBytes(source, framing: .gzip)
        case .bzip2: try Bzip2Bytes(source)
        case .xz: try LZMABytes(source, isAlone: false)
        case .lzma: try LZMABytes(source, isAlone: true)
        case .lz4: try LZ4Bytes(source)
        }
    }

    static func missing(_ what: String, library: String, package: String) -> FormatError {
        FormatError(
            .unsupported,
            "a file compressed with \(what) needs \(library), which this machine lacks: install it (\(package) on "
                + "Debian), or write the file again with compress='zlib'")
    }

    static var damaged: FormatError { FormatError(.malformed, "the compressed data are damaged") }
    static var cut: FormatError { FormatError(.truncated, "the compressed data end too early") }
}

/// The compressed side of a decompressor: pieces of a source in a buffer of its own.
struct PackedInput: ~Copyable {
    private static let capacity = 64 * 1024

    private let source: any ByteSource
    private let buffer: UnsafeMutableRawPointer
    private var sourceOffset = 0
    private var start = 0
    private var end = 0

    init(_ source: any ByteSource) {
        self.source = source
        buffer = .allocate(byteCount: Self.capacity, alignment: 16)
    }

    deinit { buffer.deallocate() }

    /// What is there and not taken; empty at the end of the source only.
    ///
    /// - Parameter wanted: Less than these few bytes are there at the end of the source only.
    mutating func available(atLeast wanted: Int = 1) throws(FormatError) -> UnsafeRawBufferPointer {
        let rest = end - start
        if rest < wanted {
            buffer.copyMemory(from: buffer + start, byteCount: rest)
            (start, end) = (0, rest)
            let count = min(Self.capacity - rest, source.byteCount - sourceOffset)
            if count > 0 {
                try source.read(
                    at: sourceOffset, into: UnsafeMutableRawBufferPointer(start: buffer + rest, count: count))
                sourceOffset += count
                end += count
            }
        }
        return UnsafeRawBufferPointer(start: buffer + start, count: end - start)
    }

    /// Marks bytes of ``available()`` as used.
    mutating func take(_ count: Int) { start = min(end, start + max(0, count)) }
}
