// SPDX-License-Identifier: Apache-2.0

/// What every part of the reader needs: the bytes, the widths of addresses, the limits.
struct HDF5Context: Sendable {
    /// From the superblock on: addresses count from there.
    let source: any ByteSource
    let widths: HDF5Widths
    let limits: HDF5Limits

    /// A cursor over `count` bytes at `address`.
    func cursor(at address: Int, count: Int) throws(FormatError) -> HDF5Cursor {
        HDF5Cursor(try source.bytes(at: address, count: count), widths, origin: address)
    }

    /// A cursor over at most `count` bytes at `address`.
    func cursor(at address: Int, upTo count: Int) throws(FormatError) -> HDF5Cursor {
        HDF5Cursor(try source.prefix(at: address, upTo: count), widths, origin: address)
    }

    /// The address so many bytes after another, which must lie in the file.
    func address(_ address: Int, plus count: Int) throws(FormatError) -> Int {
        try source.checkRange(offset: address, count: count)
        return address + count
    }

    /// Counts the bytes of one more part of a header that lies in a heap.
    func countHeader(_ byteCount: inout Int, adding more: Int) throws(FormatError) {
        byteCount += more
        guard byteCount <= limits.headerByteCount else {
            throw FormatError(.limitExceeded, "the links or attributes of an HDF5 object take too many bytes")
        }
    }

    /// Notes that a node of a tree, or a part of a header, is read, with so many items in it.
    ///
    /// - Throws: ``FormatError`` `malformed` for one that was read before: it would cost time without end, and no tool
    ///   writes such files; `limitExceeded` past ``HDF5Limits/itemCount``.
    func enter(_ address: Int, items: Int = 0, _ visits: inout HDF5Visits, _ what: String) throws(FormatError) {
        guard visits.addresses.insert(address).inserted else {
            throw FormatError(
                .malformed, "the HDF5 file leads to the same \(what) twice", at: "offset \(address)")
        }
        try count(&visits.items, adding: 1 + items, what)
    }

    /// Counts one more of what there may be ``HDF5Limits/itemCount`` of.
    func count(_ items: inout Int, adding more: Int = 1, _ what: String) throws(FormatError) {
        items += more
        guard items <= limits.itemCount else {
            throw FormatError(.limitExceeded, "the HDF5 file has more than \(limits.itemCount) \(what) in one place")
        }
    }
}

/// What was met on the way through one tree or header.
struct HDF5Visits {
    var addresses: Set<Int> = []
    var items = 0
}
