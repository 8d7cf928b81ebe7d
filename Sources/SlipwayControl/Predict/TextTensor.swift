// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayWire

/// Makes a tensor of values as people type them, one after the other.
struct TextTensor {
    private let spec: TensorSpec
    private let shape: Shape
    private var count = 0
    /// Numbers with commas between them, or texts in the layout of a BYTES tensor.
    private var bytes: [UInt8] = []

    /// - Parameter shape: Of as many values as will be appended.
    init(_ spec: TensorSpec, _ shape: Shape) {
        self.spec = spec
        self.shape = shape
    }

    static func parse(_ values: [String], _ spec: TensorSpec, _ shape: Shape) throws -> Tensor {
        var tensor = TextTensor(spec, shape)
        for var value in values { try value.withUTF8 { try tensor.append($0) } }
        return try tensor.finish()
    }

    /// - Throws: `ControlError` naming the input for what can be no value of its type.
    mutating func append(_ field: UnsafeBufferPointer<UInt8>) throws {
        count += 1
        guard spec.elementType != .bytes else {
            let length = UInt32(truncatingIfNeeded: field.count).littleEndian
            withUnsafeBytes(of: length) { bytes.append(contentsOf: $0) }
            return bytes.append(contentsOf: field)
        }
        var (start, end) = (0, field.count)
        while start < end, Self.isSpace(field[start]) { start += 1 }
        while end > start, Self.isSpace(field[end - 1]) { end -= 1 }
        let value = UnsafeBufferPointer(rebasing: field[start..<end])
        if count > 1 { bytes.append(UInt8(ascii: ",")) }
        if spec.elementType == .bool, let flag = Self.flag(value) { return bytes.append(contentsOf: flag) }
        guard !value.isEmpty, value.allSatisfy({ Self.numberBytes[Int($0)] }) else {
            throw ControlError(
                .invalidRequest,
                "input '\(spec.name)' expected \(spec.elementType.rawValue), got "
                    + "'\(String(decoding: value.prefix(40), as: UTF8.self))' as value \(count)")
        }
        bytes.append(contentsOf: value)
    }

    /// - Throws: `WireError` for values that are not of the input's type.
    func finish() throws -> Tensor {
        switch spec.elementType {
        // JSON has no 16-bit floats in V2; what people type is read as float32 and rounded.
        case .float16: return try Self.halves(try decode(as: .float32)) { Float16($0) }
        case .bfloat16: return try Self.halves(try decode(as: .float32)) { BFloat16($0) }
        case .bytes:
            let storage = bytes.withUnsafeBytes { TensorStorage(copying: $0) }
            return try Tensor(elementType: .bytes, shape: shape, storage: storage)
        default: return try decode(as: spec.elementType)
        }
    }

    private static func halves<T: TensorElement>(_ tensor: Tensor, _ round: (Float) -> T) throws -> Tensor {
        try Tensor((tensor.values(as: Float.self) ?? []).map(round), shape: tensor.shape)
    }

    /// Reads the values as a V2 request of this type would be read.
    private func decode(as type: ElementType) throws -> Tensor {
        var json = JSONWriter()
        json.bytes.reserveCapacity(bytes.count + spec.name.utf8.count + 128)
        json.object { json in
            json.member(
                "inputs",
                array: { json in
                    json.object { json in
                        json.member("name", spec.name)
                        json.member("datatype", type.rawValue)
                        json.member("shape", shape.dimensions)
                        json.member("data", array: { $0.raw { $0.append(contentsOf: bytes) } })
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

    // MARK: - Bytes

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0D || byte == 0x0A
    }

    /// Bytes of numbers, `true`, `false`, `NaN` and `Infinity`: nothing that ends a JSON value.
    private static let numberBytes: [Bool] = {
        let allowed = Set("0123456789+-.eEtrufalsNInity".utf8)
        return (0...255).map { allowed.contains(UInt8($0)) }
    }()

    /// `True` and `False` as Python writes them.
    private static func flag(_ value: UnsafeBufferPointer<UInt8>) -> String.UTF8View? {
        if value.elementsEqual("True".utf8) { return "true".utf8 }
        return value.elementsEqual("False".utf8) ? "false".utf8 : nil
    }
}

extension String {
    /// The text without white space around it.
    var trimmed: String {
        var text = self[...]
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }
}
