// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// Encodes the answer of TensorFlow Serving's `:predict`.
///
/// One output is written bare, several by name. BYTES outputs whose name ends in `_bytes` are `{"b64":"..."}`,
/// others must be UTF-8. NaN, Infinity and -Infinity are written as those tokens.
package enum TensorFlowPredictEncoder {
    /// - Throws: ``WireError`` `notEncodable` for text that is not UTF-8, and in rows for several outputs that have
    ///   not the same number of them.
    package static func encode(
        _ response: InferenceResponse, style: TensorFlowPredictRequest.Style
    ) throws(WireError) -> [UInt8] {
        let printer = RowPrinter(outputs: response.outputs, usesBase64: style != .plain)
        var json = JSONWriter()
        switch style {
        case .plain:
            try printer.writeList(to: &json)
        case .rows:
            try json.object { (json) throws(WireError) in
                json.key("predictions")
                try printer.writeList(to: &json)
            }
        case .columns:
            json.bytes.reserveCapacity(printer.estimate)
            try json.object { (json) throws(WireError) in
                json.key("outputs")
                try writeColumns(printer, to: &json)
            }
        }
        return json.bytes
    }

    private static func writeColumns(_ printer: RowPrinter, to json: inout JSONWriter) throws(WireError) {
        if printer.outputs.count == 1, let only = printer.outputs.first {
            return try printer.printer(only).writeNested(to: &json)
        }
        try json.object { (json) throws(WireError) in
            for output in printer.outputs {
                json.key(output.name)
                try printer.printer(output).writeNested(to: &json)
            }
        }
    }
}
