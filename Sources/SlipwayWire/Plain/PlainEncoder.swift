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
            try RowPrinter(outputs: response.outputs, usesBase64: false).writeList(to: &json)
        case .instances:
            try json.object { (json) throws(WireError) in
                json.key("predictions")
                try RowPrinter(outputs: response.outputs, usesBase64: true).writeList(to: &json)
            }
        }
        return json.bytes
    }
}
