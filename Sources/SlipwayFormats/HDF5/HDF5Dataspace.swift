// SPDX-License-Identifier: Apache-2.0

/// The extents of a data set or attribute.
struct HDF5Dataspace: Sendable, Hashable {
    let shape: [Int]
    /// `nil` where an extent may grow without end.
    let maximum: [Int?]
    /// No value at all, not even one.
    let isNull: Bool

    init(_ cursor: inout HDF5Cursor, limits: HDF5Limits) throws(FormatError) {
        let version = try cursor.byte()
        let rank = try cursor.byte()
        let flags = try cursor.byte()
        guard version == 1 || version == 2, rank <= limits.rank else {
            throw FormatError(.unsupported, "this HDF5 data space is not read", at: "offset \(cursor.origin)")
        }
        let type = try cursor.byte()
        if version == 1 { try cursor.skip(4) }
        isNull = version == 2 && type == 2
        var shape: [Int] = []
        for _ in 0..<rank { shape.append(try cursor.length()) }
        var maximum: [Int?] = shape
        if flags & 1 != 0 {
            maximum = []
            let unlimited = [UInt8](repeating: 0xFF, count: cursor.widths.length)
            for _ in 0..<rank {
                var field = HDF5Cursor(try cursor.take(cursor.widths.length), cursor.widths, origin: cursor.origin)
                maximum.append(field.bytes == unlimited ? nil : try field.length())
            }
        }
        self.shape = shape
        self.maximum = maximum
    }

    /// Values in all.
    var count: Int {
        get throws(FormatError) {
            guard !isNull else { return 0 }
            var total = 1
            for extent in shape {
                let (product, overflow) = total.multipliedReportingOverflow(by: extent)
                guard !overflow else {
                    throw FormatError(.limitExceeded, "the extents \(shape) of an HDF5 data set are too large")
                }
                total = product
            }
            return total
        }
    }
}
