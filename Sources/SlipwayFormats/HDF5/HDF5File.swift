// SPDX-License-Identifier: Apache-2.0

/// Reads the part of HDF5 that Keras and h5py write: groups, attributes and data sets of numbers and strings.
///
/// Only what is asked for is read. External links and files, virtual data sets, filters beside gzip, shuffle and
/// Fletcher32, compound and reference types are refused by name.
///
/// Format: https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html
public struct HDF5File: Sendable {
    private static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]

    /// The group that everything hangs from.
    public let root: HDF5Object

    /// Reads the superblock and the root group's header.
    ///
    /// - Throws: ``FormatError`` `malformed` for what is not HDF5, `unsupported` for what is not read.
    public init(_ source: any ByteSource, limits: HDF5Limits = HDF5Limits()) throws(FormatError) {
        let start = try Self.superblock(in: source)
        let whole = try SliceSource(source, from: start, count: source.byteCount - start)
        let head = try whole.prefix(at: 0, upTo: 128)
        guard head.count > 16 else { throw .truncated("the superblock", needed: 17, available: head.count, offset: 0) }
        let version = head[8]
        let widths: HDF5Widths
        switch version {
        case 0, 1: widths = HDF5Widths(offset: Int(head[13]), length: Int(head[14]))
        case 2, 3: widths = HDF5Widths(offset: Int(head[9]), length: Int(head[10]))
        default:
            throw FormatError(.unsupported, "version \(version) of the HDF5 superblock is not read", at: "superblock")
        }
        guard [2, 4, 8].contains(widths.offset), [2, 4, 8].contains(widths.length) else {
            throw FormatError(.malformed, "the HDF5 file has addresses of \(widths.offset) bytes", at: "superblock")
        }
        var cursor = HDF5Cursor(head, widths, origin: 0)
        if version < 2 {
            // Base, free space, end of file, driver; then the root's link name.
            try cursor.skip((version == 0 ? 24 : 28) + 5 * widths.offset)
        } else {
            try cursor.skip(12 + 3 * widths.offset)
        }
        let address = try cursor.definedAddress("the root group")
        let context = HDF5Context(source: whole, widths: widths, limits: limits)
        root = try HDF5Object(context, at: address, path: "/")
    }

    /// Whether the source begins with a superblock, a user block before it allowed.
    public static func isHDF5(_ source: any ByteSource) -> Bool { (try? superblock(in: source)) != nil }

    /// Where the superblock lies: at 0, 512, 1024, 2048 ...
    private static func superblock(in source: any ByteSource) throws(FormatError) -> Int {
        var offset = 0
        while offset < source.byteCount, offset <= 1 << 30 {
            if try source.prefix(at: offset, upTo: 8) == signature { return offset }
            offset = offset == 0 ? 512 : offset * 2
        }
        throw FormatError(.malformed, "this is not an HDF5 file; its signature is missing")
    }
}
