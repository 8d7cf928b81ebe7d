// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Writes outputs as a list with an entry for each row.
///
/// One output gives a list of its values, several give a list of objects from output name to value. Numbers are
/// as in V2 replies, FP16 and BF16 among them.
struct RowPrinter {
    let outputs: NamedTensors
    /// Whether BYTES outputs whose name ends in `_bytes` are written as `{"b64":"..."}`; others must be UTF-8.
    let usesBase64: Bool

    func printer(_ output: NamedTensors.Element) -> TensorPrinter {
        var printer = TensorPrinter(output.tensor, name: output.name)
        printer.usesBase64 = usesBase64 && output.name.hasSuffix("_bytes")
        return printer
    }

    /// - Throws: ``WireError`` `notEncodable` for text that is not UTF-8, and for several outputs that have not
    ///   the same number of rows.
    func writeList(to json: inout JSONWriter) throws(WireError) {
        json.bytes.reserveCapacity(json.bytes.count + estimate)
        if outputs.count == 1, let only = outputs.first {
            let printer = printer(only)
            guard only.tensor.shape.isScalar else { return try printer.writeNested(to: &json) }
            // A list in any case: clients index it by row.
            return try printer.writeFlat(to: &json)
        }
        let rows = outputs.first?.tensor.shape.dimensions.first ?? 0
        guard outputs.allSatisfy({ $0.tensor.shape.dimensions.first == rows }) else {
            throw WireError(
                .notEncodable,
                "the outputs have not the same number of rows, so they make no list of rows: ask for them by column "
                    + "('inputs' instead of 'instances') or by the V2 infer route")
        }
        try writeRows(rows, to: &json)
    }

    /// Enough for most replies, so that the buffer seldom grows.
    var estimate: Int {
        outputs.reduce(64) { $0 + $1.name.utf8.count + min($1.tensor.count, 1 << 24) * 12 }
    }

    private func writeRows(_ rows: Int, to json: inout JSONWriter) throws(WireError) {
        let blocks = outputs.map { Array($0.tensor.shape.dimensions.dropFirst()) }
        let sizes = outputs.map { rows == 0 ? 0 : $0.tensor.count / rows }
        let printers = outputs.map(printer)
        // Where the next row of each BYTES output begins.
        var bytes = Array(repeating: 0, count: outputs.count)
        try json.array { (json) throws(WireError) in
            for row in 0..<rows {
                try json.object { (json) throws(WireError) in
                    for (index, output) in outputs.enumerated() {
                        json.key(output.name)
                        try json.raw { (text) throws(WireError) in
                            try printers[index].append(
                                dimensions: blocks[index], firstElement: row * sizes[index],
                                firstByte: bytes[index], to: &text)
                        }
                        bytes[index] = output.tensor.offset(after: sizes[index], from: bytes[index])
                    }
                }
            }
        }
    }
}

extension Tensor {
    /// The byte behind `count` elements of a BYTES tensor that begin at `offset`; `offset` for other types.
    fileprivate func offset(after count: Int, from offset: Int) -> Int {
        guard elementType == .bytes else { return offset }
        var end = offset
        for _ in 0..<count {
            end += 4 + Int(UInt32(littleEndian: storage.bytes.loadUnaligned(fromByteOffset: end, as: UInt32.self)))
        }
        return end
    }
}
