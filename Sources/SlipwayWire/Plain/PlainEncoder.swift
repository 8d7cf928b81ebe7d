// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// Encodes the answers of the plain routes.
///
/// One output gives a list of its rows, several give a list with an object for each row, from output name to
/// value. Numbers are as in V2 replies, FP16 and BF16 among them; texts must be UTF-8.
package enum PlainEncoder {
    /// - Throws: ``WireError`` `notEncodable` for text that is not UTF-8, and for several outputs that have not
    ///   the same number of rows.
    package static func encode(
        _ response: InferenceResponse, style: PlainRequest.Style
    ) throws(WireError) -> [UInt8] {
        var json = JSONWriter()
        switch style {
        case .data:
            try writeList(response.outputs, to: &json)
        case .instances:
            try json.object { (json) throws(WireError) in
                json.key("predictions")
                try writeList(response.outputs, to: &json)
            }
        }
        return json.bytes
    }

    private static func writeList(_ outputs: NamedTensors, to json: inout JSONWriter) throws(WireError) {
        if outputs.count == 1, let only = outputs.first {
            let printer = TensorPrinter(only.tensor, name: only.name)
            guard only.tensor.shape.isScalar else { return try printer.writeNested(to: &json) }
            // A list in any case: clients index it by row.
            return try printer.writeFlat(to: &json)
        }
        let rows = outputs.first?.tensor.shape.dimensions.first ?? 0
        guard outputs.allSatisfy({ $0.tensor.shape.dimensions.first == rows }) else {
            throw WireError(
                .notEncodable,
                "the outputs have not the same number of rows, so they make no list of rows: ask for them by the "
                    + "V2 infer route")
        }
        try writeRows(outputs, rows, to: &json)
    }

    private static func writeRows(
        _ outputs: NamedTensors, _ rows: Int, to json: inout JSONWriter
    ) throws(WireError) {
        let blocks = outputs.map { Array($0.tensor.shape.dimensions.dropFirst()) }
        let sizes = outputs.map { rows == 0 ? 0 : $0.tensor.count / rows }
        // Where the next row of each BYTES output begins.
        var bytes = Array(repeating: 0, count: outputs.count)
        try json.array { (json) throws(WireError) in
            for row in 0..<rows {
                try json.object { (json) throws(WireError) in
                    for (index, output) in outputs.enumerated() {
                        let printer = TensorPrinter(output.tensor, name: output.name)
                        json.key(output.name)
                        try json.raw { (text) throws(WireError) in
                            try printer.append(
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
