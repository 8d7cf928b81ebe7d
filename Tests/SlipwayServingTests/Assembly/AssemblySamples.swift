// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayServing

/// Signatures, tensors and a model made of plain Swift, for the tests of what works on tensors alone.
enum AssemblySamples {
    static func spec(
        _ name: String, _ elementType: ElementType, _ shape: [Dimension]?, optional: Bool = false,
        form: TensorSpec.Form = .tensor
    ) -> TensorSpec {
        TensorSpec(name: name, elementType: elementType, shape: shape, isOptional: optional, form: form)
    }

    static func spec(_ name: String, _ shape: [Dimension]?, form: TensorSpec.Form = .tensor) -> TensorSpec {
        spec(name, .float32, shape, form: form)
    }

    static let batch = Dimension.symbolic("batch")
    static let length = Dimension.symbolic("length")

    /// `x [batch, 3]` to `y [batch, 2]`.
    static let flat = ModelSignature(
        inputs: [spec("x", [batch, .fixed(3)])], outputs: [spec("y", [batch, .fixed(2)])])

    /// Token ids with their mask to one vector for each token, a sum for each row, and a text.
    static let tokens = ModelSignature(
        inputs: [
            spec("ids", .int64, [batch, length]), spec("mask", .int64, [batch, length]),
            spec("kinds", .int64, [batch, length], optional: true),
        ],
        outputs: [
            spec("hidden", [batch, length, .fixed(2)]), spec("pairs", .int32, [batch, length, length]),
            spec("sum", [batch]), spec("text", .bytes, [batch, .fixed(1)]),
        ])

    static func tokenInputs(_ ids: [[Int64]]) throws -> NamedTensors {
        let shape: Shape = [ids.count, ids.first?.count ?? 0]
        var result = NamedTensors()
        result.append(try Tensor(ids.flatMap { $0 }, shape: shape), named: "ids")
        result.append(try Tensor(ids.flatMap { $0.map { _ in Int64(1) } }, shape: shape), named: "mask")
        return result
    }

    /// A model of ``tokens`` that treats each row by itself and minds the mask; what it says of padding is rubbish.
    static func runTokens(_ inputs: NamedTensors) throws -> NamedTensors {
        guard let ids = inputs["ids"], let mask = inputs["mask"], let idValues: [Int64] = ids.values(),
            let maskValues: [Int64] = mask.values(), ids.shape == mask.shape
        else { throw BatchError("not token inputs") }
        let (rows, length) = (ids.shape.dimensions[0], ids.shape.dimensions[1])
        var hidden: [Float] = []
        var pairs: [Int32] = []
        var sums: [Float] = []
        var texts: [String] = []
        for row in 0..<rows {
            let values = (0..<length).map { position in
                let index = row * length + position
                return maskValues[index] == 0 ? (id: Int64(-999), isData: false) : (id: idValues[index], isData: true)
            }
            let sum = values.reduce(Float(0)) { $0 + ($1.isData ? Float($1.id) / 3 : 0) }
            for (position, value) in values.enumerated() { hidden += [Float(value.id) + sum, Float(position)] }
            for one in values { pairs += values.map { Int32(truncatingIfNeeded: $0.id &* 31 &+ one.id) } }
            sums.append(sum)
            texts.append(values.filter(\.isData).map { String($0.id) }.joined(separator: "-"))
        }
        return [
            "hidden": try Tensor(hidden, shape: [rows, length, 2]),
            "pairs": try Tensor(pairs, shape: [rows, length, length]),
            "sum": try Tensor(sums, shape: [rows]), "text": try Tensor(texts, shape: [rows, 1]),
        ]
    }

    /// Any bytes as a tensor of `elementType`; texts of 0 to 9 bytes.
    static func random(
        _ elementType: ElementType, _ extents: [Int], _ generator: inout SplitMix64
    ) throws -> Tensor {
        let count = extents.reduce(1, *)
        guard let width = elementType.byteWidth else {
            let texts = (0..<count).map { _ in
                (0..<Int.random(in: 0...9, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) }
            }
            return try Tensor(elementType: .bytes, shape: Shape(extents), storage: BytesLayout.pack(texts))
        }
        let bytes = (0..<(count * width)).map { _ in UInt8.random(in: 0...255, using: &generator) }
        return try Tensor(
            elementType: elementType, shape: Shape(extents),
            storage: bytes.withUnsafeBytes { TensorStorage(copying: $0) })
    }

    static func empty(_ extents: [Int]) throws -> Tensor {
        try Tensor(
            elementType: .float32, shape: Shape(extents),
            storage: TensorStorage(copying: UnsafeRawBufferPointer(start: nil, count: 0)))
    }

    /// Names, types, shapes and bytes of all tensors, to be compared with `==`.
    static func content(_ tensors: NamedTensors) -> [[String]] {
        tensors.map { element in
            [
                element.name, element.tensor.elementType.rawValue, element.tensor.shape.description,
                Array(element.tensor.storage.bytes).description,
            ]
        }
    }
}
