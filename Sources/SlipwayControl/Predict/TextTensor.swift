// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayWire

/// Tensors from values as people type them.
enum TextTensor {
    /// - Throws: `WireError` naming the value that is not of the input's type.
    static func parse(_ values: [String], _ spec: TensorSpec, _ shape: Shape) throws -> Tensor {
        for (index, value) in values.enumerated() where spec.elementType != .bytes && !value.trimmed.isNumberLike {
            throw ControlError(
                .invalidRequest,
                "input '\(spec.name)' expected \(spec.elementType.rawValue), got '\(value)' as value \(index + 1)")
        }
        switch spec.elementType {
        // JSON has no 16-bit floats in V2; what people type is read as float32 and rounded.
        case .float16: return try halves(try decode(values, spec, as: .float32, shape)) { Float16($0) }
        case .bfloat16: return try halves(try decode(values, spec, as: .float32, shape)) { BFloat16($0) }
        default: return try decode(values, spec, as: spec.elementType, shape)
        }
    }

    private static func halves<T: TensorElement>(_ tensor: Tensor, _ round: (Float) -> T) throws -> Tensor {
        try Tensor((tensor.values(as: Float.self) ?? []).map(round), shape: tensor.shape)
    }

    /// Reads the values as a V2 request of this type would be read.
    private static func decode(
        _ values: [String], _ spec: TensorSpec, as type: ElementType, _ shape: Shape
    ) throws -> Tensor {
        var json = JSONWriter()
        json.object { json in
            json.member(
                "inputs",
                array: { json in
                    json.object { json in
                        json.member("name", spec.name)
                        json.member("datatype", type.rawValue)
                        json.member("shape", shape.dimensions)
                        json.member(
                            "data",
                            array: { json in
                                for value in values {
                                    json.value(value, as: type)
                                }
                            })
                    }
                })
        }
        let decoded = try json.bytes.withUnsafeBytes { try V2InferDecoder(endpoint: "model").decode($0) }
        guard let tensor = decoded.inference.inputs[spec.name] else {
            throw ControlError(.invalidRequest, "input '\(spec.name)' has no values")
        }
        return tensor
    }

    /// The shape for `count` values: fixed extents as they are, 1 for open ones, the rest in the last open one.
    static func shape(of count: Int, for spec: TensorSpec) -> Shape {
        guard let dimensions = spec.shape else { return Shape([count]) }
        var extents = dimensions.map { if case .fixed(let extent) = $0 { extent } else { 1 } }
        let open = dimensions.lastIndex { if case .fixed = $0 { false } else { true } }
        let known = extents.reduce(1) { $0.multipliedReportingOverflow(by: max(1, $1)).partialValue }
        if let open, known > 0 { extents[open] = count / known }
        return Shape(extents)
    }
}

extension JSONWriter {
    fileprivate mutating func value(_ text: String, as type: ElementType) {
        if type == .bytes { value(text) } else { raw { $0.append(contentsOf: text.trimmed.utf8) } }
    }
}

extension String {
    /// Whether the text can only be a number, `true`, `false`, `NaN` or `Infinity`: nothing that ends a JSON value.
    fileprivate var isNumberLike: Bool {
        !isEmpty && utf8.allSatisfy { "0123456789+-.eEtrufalsNInity".utf8.contains($0) }
    }

    /// The text without white space around it.
    var trimmed: String {
        var text = self[...]
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }
}
