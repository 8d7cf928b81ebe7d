// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// The values of one feature of one example.
package enum FeatureValues: Sendable, Hashable {
    case bytes([[UInt8]])
    case floats([Double])
    case integers([Int64])

    var count: Int {
        switch self {
        case .bytes(let values): values.count
        case .floats(let values): values.count
        case .integers(let values): values.count
        }
    }

    fileprivate var kind: String {
        switch self {
        case .bytes: "texts"
        case .floats: "numbers"
        case .integers: "whole numbers"
        }
    }
}

/// The examples of a classify or regress request, with what they have in common.
package struct ExampleList: Sendable {
    package var examples: [[String: FeatureValues]]
    /// Features of every example that has none of that name itself.
    package var context: [String: FeatureValues]

    package init(examples: [[String: FeatureValues]] = [], context: [String: FeatureValues] = [:]) {
        self.examples = examples
        self.context = context
    }

    /// One tensor for each input of a signature, from the features of the inputs' names, a row for each example.
    ///
    /// Features that no input has the name of are passed over, as TensorFlow passes over them.
    ///
    /// - Throws: ``WireError`` that names the input and, counted from 0, the example.
    package func inputs(for signature: ModelSignature) throws(WireError) -> NamedTensors {
        guard !examples.isEmpty else {
            throw WireError(.invalidRequest, "expected at least one example, got none")
        }
        var inputs = NamedTensors()
        for spec in signature.inputs {
            if spec.isOptional, examples.allSatisfy({ $0[spec.name] == nil }), context[spec.name] == nil { continue }
            do throws(WireError) {
                inputs.append(try tensor(spec), named: spec.name)
            } catch {
                throw error.within("input '\(spec.name)'")
            }
        }
        return inputs
    }

    private func tensor(_ spec: TensorSpec) throws(WireError) -> Tensor {
        var column: [FeatureValues] = []
        column.reserveCapacity(examples.count)
        for (index, example) in examples.enumerated() {
            guard let values = example[spec.name] ?? context[spec.name] else {
                throw WireError(
                    .invalidRequest,
                    "expected every example to have a feature '\(spec.name)' with the values of the input of that "
                        + "name (\(spec.elementType.rawValue) \(spec.shapeText)); example \(index) has none")
            }
            if let first = column.first, first.count != values.count {
                throw WireError(
                    .invalidTensor,
                    "expected \(first.count) values in every example as in the first, example \(index) has "
                        + "\(values.count)")
            }
            column.append(values)
        }
        let shape = try shape(spec, width: column.first?.count ?? 0)
        do {
            return try FeatureColumn(values: column, type: spec.elementType).tensor(shape)
        } catch let error as WireError {
            throw error
        } catch {
            throw WireError(.invalidTensor, "\(error)")
        }
    }

    /// The shape of as many rows as there are examples, each of `width` values.
    private func shape(_ spec: TensorSpec, width: Int) throws(WireError) -> Shape {
        guard let shape = spec.shape else { return width == 1 ? [examples.count] : [examples.count, width] }
        let row = shape.dropFirst().map(\.wireExtent)
        let unknown = row.filter { $0 < 0 }.count
        let known = Shape(row.filter { $0 >= 0 }).elementCount ?? 0
        switch unknown {
        case 0 where known == width && !shape.isEmpty:
            return Shape([examples.count] + row)
        case 1 where known > 0 && width % known == 0:
            return Shape([examples.count] + row.map { $0 < 0 ? width / known : $0 })
        default:
            throw WireError(
                .invalidTensor, "expected the values of one row of shape \(spec.shapeText), got \(width) values")
        }
    }
}

/// One feature of all examples, to become a tensor of a type.
private struct FeatureColumn {
    let values: [FeatureValues]
    let type: ElementType

    func tensor(_ shape: Shape) throws -> Tensor {
        switch type {
        case .bytes:
            let elements = try values.flatMap { values in
                guard case .bytes(let texts) = values else { throw mismatch(values) }
                return texts
            }
            return try Tensor(elementType: .bytes, shape: shape, storage: BytesLayout.pack(elements))
        case .bool:
            return try Tensor(
                try integers { value -> Bool? in value == 0 ? false : value == 1 ? true : nil }, shape: shape)
        case .int8: return try Tensor(try integers { Int8(exactly: $0) }, shape: shape)
        case .int16: return try Tensor(try integers { Int16(exactly: $0) }, shape: shape)
        case .int32: return try Tensor(try integers { Int32(exactly: $0) }, shape: shape)
        case .int64: return try Tensor(try integers { $0 }, shape: shape)
        case .uint8: return try Tensor(try integers { UInt8(exactly: $0) }, shape: shape)
        case .uint16: return try Tensor(try integers { UInt16(exactly: $0) }, shape: shape)
        case .uint32: return try Tensor(try integers { UInt32(exactly: $0) }, shape: shape)
        case .uint64: return try Tensor(try integers { UInt64(exactly: $0) }, shape: shape)
        case .float16: return try Tensor(try floats { Float16($0) }, shape: shape)
        case .bfloat16: return try Tensor(try floats { BFloat16(Float($0)) }, shape: shape)
        case .float32: return try Tensor(try floats { Float($0) }, shape: shape)
        case .float64: return try Tensor(try floats { $0 }, shape: shape)
        }
    }

    private func integers<T>(_ convert: (Int64) -> T?) throws -> [T] {
        try values.flatMap { values in
            // An empty list has no type of its own.
            if values.count == 0 { return [T]() }
            guard case .integers(let numbers) = values else { throw mismatch(values) }
            return try numbers.map { number in
                guard let value = convert(number) else {
                    throw WireError(.invalidTensor, "a number is out of the range of \(type.rawValue)")
                }
                return value
            }
        }
    }

    private func floats<T>(_ convert: (Double) -> T) throws -> [T] {
        try values.flatMap { values in
            switch values {
            case .floats(let numbers): return numbers.map(convert)
            case .integers(let numbers): return numbers.map { convert(Double($0)) }
            case .bytes(let texts):
                guard texts.isEmpty else { throw mismatch(values) }
                return [T]()
            }
        }
    }

    private func mismatch(_ values: FeatureValues) -> WireError {
        WireError(.invalidTensor, "expected values of \(type.rawValue), got \(values.kind)")
    }
}
