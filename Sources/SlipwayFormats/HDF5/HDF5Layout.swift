// SPDX-License-Identifier: Apache-2.0

/// Where the values of a data set lie.
enum HDF5Layout {
    case compact([UInt8])
    /// `nil` while nothing was written.
    case contiguous(Int?)
    case chunked(HDF5Chunking)

    init(_ cursor: inout HDF5Cursor) throws(FormatError) {
        let version = try cursor.byte()
        switch version {
        case 1, 2: self = try Self.old(&cursor)
        case 3, 4, 5: self = try Self.new(&cursor, version: version)
        default:
            throw FormatError(
                .unsupported,
                "version \(version) of an HDF5 layout is not read; write the file with libver='v112'")
        }
    }

    private static func old(_ cursor: inout HDF5Cursor) throws(FormatError) -> HDF5Layout {
        let rank = try cursor.byte()
        let kind = try cursor.byte()
        try cursor.skip(5)
        let address = kind == 0 ? nil : try cursor.address()
        var extents: [Int] = []
        for _ in 0..<rank { extents.append(try cursor.word()) }
        switch kind {
        case 0: return .compact(try cursor.take(try cursor.word()))
        case 1: return .contiguous(address)
        case 2: return .chunked(HDF5Chunking(extents: extents, index: .tree1, address: address))
        default: throw unknown(kind)
        }
    }

    private static func new(_ cursor: inout HDF5Cursor, version: Int) throws(FormatError) -> HDF5Layout {
        let kind = try cursor.byte()
        switch kind {
        case 0: return .compact(try cursor.take(try cursor.short()))
        case 1: return .contiguous(try cursor.address())
        case 2 where version == 3:
            let rank = try cursor.byte()
            let address = try cursor.address()
            var extents: [Int] = []
            // The element's width comes last.
            for _ in 0..<rank { extents.append(try cursor.word()) }
            return .chunked(HDF5Chunking(extents: Array(extents.dropLast()), index: .tree1, address: address))
        case 2: return .chunked(try HDF5Chunking(&cursor))
        case 3:
            throw FormatError(
                .unsupported, "virtual data sets keep their values in other files and are not read; copy the data")
        default: throw unknown(kind)
        }
    }

    private static func unknown(_ kind: Int) -> FormatError {
        FormatError(.unsupported, "layout \(kind) of an HDF5 data set is not read")
    }
}

/// How a data set is cut into chunks, and how they are found.
struct HDF5Chunking {
    enum Index {
        case tree1
        /// The bytes of the only chunk where it is filtered, and the filters that it went without.
        case single(filtered: (size: Int, mask: Int)?)
        case implicit
        case fixedArray(pageBits: Int)
        case extensibleArray
        case tree2
    }

    /// Of one chunk.
    let extents: [Int]
    let index: Index
    /// Of the index, or of the chunk itself.
    let address: Int?

    init(extents: [Int], index: Index, address: Int?) {
        self.extents = extents
        self.index = index
        self.address = address
    }

    /// Reads what follows the class in a layout of version 4, or 5, whose chunks may be larger.
    init(_ cursor: inout HDF5Cursor) throws(FormatError) {
        let flags = try cursor.byte()
        guard flags & 1 == 0 else {
            throw FormatError(
                .unsupported, "HDF5 data sets whose chunks at the edge go without filters are not read; repack the file"
            )
        }
        let rank = try cursor.byte()
        let width = try cursor.byte()
        var extents: [Int] = []
        for _ in 0..<rank { extents.append(try cursor.integer(width)) }
        self.extents = Array(extents.dropLast())
        switch try cursor.byte() {
        case 1:
            index = .single(filtered: flags & 2 != 0 ? (try cursor.length(), try cursor.word()) : nil)
        case 2: index = .implicit
        case 3: index = .fixedArray(pageBits: try cursor.byte())
        case 4:
            // The same numbers stand in the array's own header.
            try cursor.skip(5)
            index = .extensibleArray
        case 5:
            try cursor.skip(6)
            index = .tree2
        case let other: throw FormatError(.unsupported, "chunk index \(other) of an HDF5 data set is not read")
        }
        address = try cursor.address()
    }
}
