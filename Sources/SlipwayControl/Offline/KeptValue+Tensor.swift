// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayWire

extension KeptValue {
    /// The value of one row of a tensor: text as it is, a number, or a list.
    init(_ row: Tensor) throws {
        if row.elementType == .bytes, row.count == 1 {
            self = .text(Array(row.storage.bytes.dropFirst(4)))
            return
        }
        var bytes: [UInt8] = []
        try TensorPrinter(row, name: "kept").append(
            dimensions: row.count == 1 ? [] : Array(row.shape.dimensions.dropFirst()), firstElement: 0, firstByte: 0,
            to: &bytes)
        self = .json(bytes)
    }
}
