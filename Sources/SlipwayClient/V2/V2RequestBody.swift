// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// The body of a V2 inference request.
package struct V2RequestBody: Sendable {
    package let bytes: [UInt8]
    /// How many of ``bytes`` are JSON when tensors follow it; `nil` when all are.
    package let headerLength: Int?

    package var contentType: String { headerLength == nil ? "application/json" : "application/octet-stream" }

    /// - Parameters:
    ///   - inputs: The tensors to send.
    ///   - outputs: Names of the outputs wanted; `nil` for all.
    ///   - isBinary: Whether tensors follow the JSON as they lie in memory, both ways.
    /// - Throws: ``ClientError`` `invalidRequest` for what JSON cannot hold: FP16, BF16 and BYTES that are no text.
    package init(inputs: NamedTensors, outputs: [String]? = nil, isBinary: Bool) throws(ClientError) {
        var text: [UInt8] = []
        text.reserveCapacity(isBinary ? 512 : inputs.byteCount * 4 + 512)
        text.append(contentsOf: "{\"inputs\":[".utf8)
        for (index, input) in inputs.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            text.append(contentsOf: "{\"name\":".utf8)
            JSONText.append(input.name, to: &text)
            text.append(contentsOf: ",\"shape\":\(input.tensor.shape),\"datatype\":\"".utf8)
            text.append(contentsOf: input.tensor.elementType.rawValue.utf8)
            if isBinary {
                text.append(contentsOf: "\",\"parameters\":{\"binary_data_size\":\(input.tensor.byteCount)}}".utf8)
            } else {
                text.append(contentsOf: "\",\"data\":".utf8)
                try JSONText.append(input.tensor, named: input.name, to: &text)
                text.append(UInt8(ascii: "}"))
            }
        }
        text.append(UInt8(ascii: "]"))
        if let outputs {
            text.append(contentsOf: ",\"outputs\":[".utf8)
            for (index, output) in outputs.enumerated() {
                text.append(contentsOf: (index > 0 ? ",{\"name\":" : "{\"name\":").utf8)
                JSONText.append(output, to: &text)
                text.append(contentsOf: ",\"parameters\":{\"binary_data\":\(isBinary)}}".utf8)
            }
            text.append(UInt8(ascii: "]"))
        } else if isBinary {
            text.append(contentsOf: ",\"parameters\":{\"binary_data_output\":true}".utf8)
        }
        text.append(UInt8(ascii: "}"))
        headerLength = isBinary ? text.count : nil
        if isBinary {
            text.reserveCapacity(text.count + inputs.byteCount)
            for input in inputs { text.append(contentsOf: input.tensor.storage.bytes) }
        }
        bytes = text
    }
}

/// Writes strings and tensors as JSON.
enum JSONText {
    static func append(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0..<0x20:
                bytes.append(contentsOf: (byte < 0x10 ? "\\u000" : "\\u00").utf8)
                bytes.append(contentsOf: String(byte, radix: 16).utf8)
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// A flat, row-major list of the tensor's elements.
    static func append(_ tensor: Tensor, named name: String, to bytes: inout [UInt8]) throws(ClientError) {
        bytes.append(UInt8(ascii: "["))
        defer { bytes.append(UInt8(ascii: "]")) }
        switch tensor.elementType {
        case .bool: list(tensor, Bool.self, &bytes) { $0 ? "true" : "false" }
        case .int8: list(tensor, Int8.self, &bytes, \.description)
        case .int16: list(tensor, Int16.self, &bytes, \.description)
        case .int32: list(tensor, Int32.self, &bytes, \.description)
        case .int64: list(tensor, Int64.self, &bytes, \.description)
        case .uint8: list(tensor, UInt8.self, &bytes, \.description)
        case .uint16: list(tensor, UInt16.self, &bytes, \.description)
        case .uint32: list(tensor, UInt32.self, &bytes, \.description)
        case .uint64: list(tensor, UInt64.self, &bytes, \.description)
        case .float32: list(tensor, Float.self, &bytes) { spelled($0) }
        case .float64: list(tensor, Double.self, &bytes) { spelled($0) }
        case .float16, .bfloat16:
            throw .invalidRequest("input '\(name)' is \(tensor.elementType.rawValue): send it as binary")
        case .bytes: try appendStrings(tensor, named: name, to: &bytes)
        }
    }

    private static func list<E: TensorElement>(
        _ tensor: Tensor, _ type: E.Type, _ bytes: inout [UInt8], _ text: (E) -> String
    ) {
        for (index, element) in (tensor.values(as: type) ?? []).enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes.append(contentsOf: text(element).utf8)
        }
    }

    /// The shortest text that reads back the same; what is no number as Python's json spells it.
    private static func spelled<F: BinaryFloatingPoint & CustomStringConvertible>(_ value: F) -> String {
        if value.isFinite { return value.description }
        return value.isNaN ? "NaN" : value < 0 ? "-Infinity" : "Infinity"
    }

    private static func appendStrings(
        _ tensor: Tensor, named name: String, to bytes: inout [UInt8]
    ) throws(ClientError) {
        var isFirst = true
        var isText = true
        tensor.forEachBytes { element in
            if !isFirst { bytes.append(UInt8(ascii: ",")) }
            isFirst = false
            if let text = String(validating: element, as: UTF8.self) {
                append(text, to: &bytes)
            } else {
                isText = false
            }
        }
        guard isText else { throw .invalidRequest("input '\(name)' holds bytes that are no text: send it as binary") }
    }
}
