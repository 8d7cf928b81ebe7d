// SPDX-License-Identifier: Apache-2.0

/// What was done to chunks before they were written.
struct HDF5Filters {
    private enum Filter {
        case deflate
        case shuffle(width: Int)
        case fletcher32
    }

    /// More than anybody needs of three kinds; each goes over all bytes of a chunk.
    private static let limit = 8

    private let filters: [Filter]

    /// No filters.
    init() { filters = [] }

    var isEmpty: Bool { filters.isEmpty }

    /// Reads a pipeline message.
    ///
    /// - Throws: ``FormatError`` `unsupported` with the name of a filter that is not read.
    init(_ cursor: inout HDF5Cursor, elementWidth: Int) throws(FormatError) {
        let version = try cursor.byte()
        let count = try cursor.byte()
        guard version == 1 || version == 2 else {
            throw FormatError(.unsupported, "version \(version) of an HDF5 filter pipeline is not read")
        }
        guard count <= Self.limit else {
            throw FormatError(.limitExceeded, "an HDF5 data set has \(count) filters; \(Self.limit) are read")
        }
        if version == 1 { try cursor.skip(6) }
        var filters: [Filter] = []
        for _ in 0..<count {
            let number = try cursor.short()
            let nameLength = version == 1 || number >= 256 ? try cursor.short() : 0
            try cursor.skip(2)
            let valueCount = try cursor.short()
            let name = String(decoding: try cursor.take(nameLength).prefix { $0 != 0 }, as: UTF8.self)
            if version == 1, nameLength % 8 > 0 { try cursor.skip(8 - nameLength % 8) }
            let first = valueCount > 0 ? try cursor.word() : elementWidth
            try cursor.skip(4 * max(0, valueCount - 1))
            if version == 1, valueCount % 2 == 1 { try cursor.skip(4) }
            switch number {
            case 1: filters.append(.deflate)
            case 2: filters.append(.shuffle(width: first))
            case 3: filters.append(.fletcher32)
            default:
                throw FormatError(
                    .unsupported,
                    "the HDF5 filter \(Self.name(number) ?? name) (\(number)) is not read; write the data set with gzip"
                )
            }
        }
        self.filters = filters
    }

    private static func name(_ number: Int) -> String? {
        [4: "szip", 5: "nbit", 6: "scale-offset", 32_000: "lzf", 32_001: "blosc", 32_004: "lz4", 32_015: "zstd"][number]
    }

    /// The bytes of a chunk as they were before the filters.
    ///
    /// - Parameters:
    ///   - mask: A bit for each filter that this chunk went without.
    ///   - byteCount: Of a whole chunk.
    func undo(_ chunk: [UInt8], mask: Int, byteCount: Int) throws(FormatError) -> [UInt8] {
        var bytes = chunk
        for (index, filter) in filters.enumerated().reversed() where mask & (1 << index) == 0 {
            switch filter {
            case .deflate:
                // A checksum may have been taken first.
                bytes = try Inflate.decompress(bytes, framing: .zlib, outputLimit: byteCount + 4)
            case .shuffle(let width): bytes = Self.unshuffled(bytes, width: width)
            case .fletcher32: bytes = try Self.checked(bytes)
            }
        }
        return bytes
    }

    /// First all lowest bytes, then all next ones; what does not fill an element stays at the end.
    private static func unshuffled(_ bytes: [UInt8], width: Int) -> [UInt8] {
        guard width > 1, bytes.count >= width else { return bytes }
        let count = bytes.count / width
        return [UInt8](unsafeUninitializedCapacity: bytes.count) { target, initialized in
            for plane in 0..<width {
                for index in 0..<count { target[index * width + plane] = bytes[plane * count + index] }
            }
            for index in (count * width)..<bytes.count { target[index] = bytes[index] }
            initialized = bytes.count
        }
    }

    /// The bytes without the Fletcher checksum at their end, which is compared.
    private static func checked(_ bytes: [UInt8]) throws(FormatError) -> [UInt8] {
        guard bytes.count >= 4, let stored: UInt32 = bytes.littleEndian(at: bytes.count - 4) else {
            throw FormatError(.truncated, "a chunk of the HDF5 file has no checksum")
        }
        let data = Array(bytes.dropLast(4))
        guard fletcher32(data) == stored else {
            throw FormatError(.malformed, "a chunk of the HDF5 file does not have its checksum; copy the file again")
        }
        return data
    }

    /// Fletcher's sum of big-endian 16-bit words, an odd byte at the end as the high one.
    static func fletcher32(_ bytes: [UInt8]) -> UInt32 {
        var low: UInt32 = 0
        var high: UInt32 = 0
        var index = 0
        while index < bytes.count {
            // 360 words are the most whose sums fit 32 bits.
            let end = min(bytes.count, index + 720)
            while index < end {
                let next = index + 1 < bytes.count ? UInt32(bytes[index + 1]) : 0
                low &+= UInt32(bytes[index]) << 8 | next
                high &+= low
                index += 2
            }
            low = (low & 0xFFFF) + (low >> 16)
            high = (high & 0xFFFF) + (high >> 16)
        }
        low = (low & 0xFFFF) + (low >> 16)
        high = (high & 0xFFFF) + (high >> 16)
        return high << 16 | low
    }
}
