// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// An encoded answer of a cloud's prediction route.
package struct InvocationReply: Sendable {
    package let contentType: String
    package let segments: [WireSegment]

    package init(contentType: String, segments: [WireSegment]) {
        self.contentType = contentType
        self.segments = segments
    }
}

/// Encodes answers in the forms that clouds' clients ask for; npy is made elsewhere.
package enum InvocationEncoder {
    /// - Parameters:
    ///   - style: The contract a reply in JSON follows.
    ///   - format: Any but npy.
    ///   - labels: The names of the classes of an output, for V2's classification extension.
    /// - Throws: ``WireError`` `notEncodable` for outputs that the form cannot carry.
    package static func encode(
        _ response: InferenceResponse, style: InvocationRequest.Style, as format: InvocationFormat,
        labels: [String: [String]] = [:]
    ) throws(WireError) -> InvocationReply {
        switch format {
        case .json: return try json(response, style, nil, labels)
        case .binary(let family, _): return try json(response, style, family, labels)
        case .jsonLines:
            let list = try TensorFlowPredictEncoder.encode(response, style: .plain)
            return InvocationReply(
                contentType: format.contentType, segments: [.bytes(try JSONLineRows.lines(ofList: list))])
        case .csv:
            return InvocationReply(
                contentType: format.contentType, segments: [.bytes(try CSVTable.encode(response.outputs))])
        case .npy:
            throw WireError(.unsupported, "npy is no text: it is written by the writer of that format")
        }
    }

    private static func json(
        _ response: InferenceResponse, _ style: InvocationRequest.Style, _ family: InvocationFormat.BinaryFamily?,
        _ labels: [String: [String]]
    ) throws(WireError) -> InvocationReply {
        switch style {
        case .plain(let style):
            return InvocationReply(
                contentType: "application/json",
                segments: [.bytes(try TensorFlowPredictEncoder.encode(response, style: style))])
        case .v2(let form):
            let reply = try V2InferEncoder.encode(response, as: form, labels: labels)
            let binaryType = reply.headerLength.map { (family ?? .sageMaker).contentType(headerLength: $0) }
            return InvocationReply(contentType: binaryType ?? "application/json", segments: reply.segments)
        }
    }
}

/// Writes the rows of all outputs side by side as comma-separated values.
enum CSVTable {
    /// - Throws: ``WireError`` `notEncodable` for outputs of different numbers of rows.
    static func encode(_ outputs: NamedTensors) throws(WireError) -> [UInt8] {
        let rows = outputs.first?.tensor.shape.dimensions.first ?? 1
        guard outputs.allSatisfy({ ($0.tensor.shape.dimensions.first ?? 1) == rows }) else {
            throw WireError(
                .notEncodable, "the outputs have not the same number of rows, so they make no table: accept JSON")
        }
        var columns = outputs.map { Column($0, rows: rows) }
        var bytes: [UInt8] = []
        for _ in 0..<rows {
            for index in columns.indices {
                if index > 0 { bytes.append(.comma) }
                try columns[index].appendRow(to: &bytes)
            }
            bytes.append(0x0A)
        }
        return bytes
    }

    /// One output, written row by row.
    private struct Column {
        let name: String
        let tensor: Tensor
        let width: Int
        var element = 0
        var byte = 0

        init(_ output: NamedTensors.Element, rows: Int) {
            name = output.name
            tensor = output.tensor
            width = rows == 0 ? 0 : output.tensor.count / rows
        }

        mutating func appendRow(to bytes: inout [UInt8]) throws(WireError) {
            if tensor.elementType == .bytes {
                appendTexts(to: &bytes)
            } else if width > 0 {
                let start = bytes.count
                try TensorPrinter(tensor, name: name).append(
                    dimensions: [width], firstElement: element, firstByte: 0, to: &bytes)
                // Numbers in a list, without its brackets.
                bytes.removeLast()
                bytes.remove(at: start)
            }
            element += width
        }

        private mutating func appendTexts(to bytes: inout [UInt8]) {
            let storage = tensor.storage.bytes
            for index in 0..<width {
                if index > 0 { bytes.append(.comma) }
                let length = Int(UInt32(littleEndian: storage.loadUnaligned(fromByteOffset: byte, as: UInt32.self)))
                let text = storage[(byte + 4)..<(byte + 4 + length)]
                byte += 4 + length
                let needsQuotes = text.contains { $0 == .comma || $0 == .quote || $0 == 0x0A || $0 == 0x0D }
                guard needsQuotes || text.isEmpty else {
                    bytes.append(contentsOf: text)
                    continue
                }
                bytes.append(.quote)
                for character in text {
                    if character == .quote { bytes.append(.quote) }
                    bytes.append(character)
                }
                bytes.append(.quote)
            }
        }
    }
}
