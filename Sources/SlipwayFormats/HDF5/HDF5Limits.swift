// SPDX-License-Identifier: Apache-2.0

/// What an HDF5 file may ask of its reader.
public struct HDF5Limits: Sendable, Hashable {
    /// Messages of one object, continuations included.
    public var messageCount = 4_096
    /// Bytes of one object's header.
    public var headerByteCount = 64 << 20
    /// Members of one group, attributes of one object, chunks of one data set, nodes of one tree.
    public var itemCount = 1 << 20
    /// Bytes of one data set or attribute, unpacked.
    public var dataByteCount = 8 << 30
    /// Up to this many unpacked bytes a data set may have whatever the file's size: filling takes no room in it.
    public var freeByteCount = 64 << 20
    /// Unpacked bytes for each byte of the file, past ``freeByteCount``; deflate reaches 1,032.
    public var ratio = 1_100
    /// Bytes of all variable-length strings of one attribute or data set.
    public var textByteCount = 64 << 20
    /// Extents of one data set.
    public var rank = 32

    public init() {}

    /// Bytes of `count` elements of `width`, checked against the limits.
    func dataByteCount(_ count: Int, width: Int, fileByteCount: Int) throws(FormatError) -> Int {
        let (total, overflow) = count.multipliedReportingOverflow(by: width)
        let (bound, unbounded) = fileByteCount.multipliedReportingOverflow(by: ratio)
        guard !overflow, total >= 0, total <= dataByteCount,
            total <= freeByteCount || unbounded || total <= bound
        else {
            throw FormatError(
                .limitExceeded, "the HDF5 file announces \(count) values of \(width) bytes in \(fileByteCount) bytes")
        }
        return total
    }
}
