// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// Makes tensors that fit a model's metadata, to measure with.
package struct SampleInputs: Sendable {
    package enum Content: String, Sendable, Hashable, CaseIterable { case random, zero }

    /// The most that the inputs may take together, in bytes.
    package static let maximumBytes = 1 << 30

    private let shapes: [String: Shape]
    private let content: Content
    private var random: SplitMix64

    /// - Parameters:
    ///   - shapes: Shapes by input, for inputs whose metadata leaves extents open; others get 1 there.
    ///   - content: `random`: floats from 0 to 1, integers from 0 to 9, strings of eight letters.
    package init(shapes: [String: Shape] = [:], content: Content = .random, seed: UInt64 = 1) {
        self.shapes = shapes
        self.content = content
        random = SplitMix64(seed: seed)
    }

    /// Reads `name:1,16`, the form of the `--shape` option.
    package static func parseShape(_ text: String) throws(ClientError) -> (name: String, shape: Shape) {
        guard let colon = text.lastIndex(of: ":"), colon != text.startIndex else {
            throw .invalidRequest("'\(text)' is not a shape: write NAME:1,16")
        }
        let extents = text[text.index(after: colon)...].split(separator: ",", omittingEmptySubsequences: false)
        let dimensions = extents.compactMap { Int($0) }
        let shape = Shape(dimensions)
        guard dimensions.count == extents.count, shape.elementCount != nil else {
            throw .invalidRequest("'\(text)' is not a shape: write NAME:1,16")
        }
        return (String(text[..<colon]), shape)
    }

    /// One tensor for each input.
    ///
    /// - Throws: ``ClientError`` `invalidRequest` for a shape that contradicts the metadata, names no input or is too
    ///   large.
    package mutating func tensors(for metadata: EndpointMetadata) throws(ClientError) -> NamedTensors {
        let names = metadata.inputs.map(\.name)
        if let stranger = shapes.keys.sorted().first(where: { !names.contains($0) }) {
            throw .invalidRequest("no input is named '\(stranger)', the model has [\(names.joined(separator: ", "))]")
        }
        var result = NamedTensors()
        var budget = Self.maximumBytes
        for input in metadata.inputs {
            let shape = try shape(of: input)
            let (bytes, overflow) = (shape.elementCount ?? .max).multipliedReportingOverflow(
                by: input.datatype.byteWidth ?? 12)
            guard !overflow, bytes <= budget else {
                throw .invalidRequest("inputs of shape \(shape) are larger than \(Self.maximumBytes >> 20) MiB")
            }
            budget -= bytes
            result.append(try tensor(input.datatype, shape), named: input.name)
        }
        return result
    }

    private func shape(of input: EndpointMetadata.TensorMetadata) throws(ClientError) -> Shape {
        guard let wanted = shapes[input.name] else { return Shape(input.shape.map { max($0, $0 < 0 ? 1 : 0) }) }
        let fits =
            wanted.rank == input.shape.count
            && zip(wanted.dimensions, input.shape).allSatisfy { $0 == $1 || $1 < 0 }
        guard fits else {
            throw .invalidRequest("input '\(input.name)' expected shape \(Shape(input.shape)), got \(wanted)")
        }
        return wanted
    }

    private mutating func tensor(_ type: ElementType, _ shape: Shape) throws(ClientError) -> Tensor {
        let count = shape.elementCount ?? 0
        do {
            switch type {
            case .bytes: return try Tensor((0..<count).map { _ in word() }, shape: shape)
            case .bool: return try fill(shape) { Bool.random(using: &$0) }
            case .int8: return try fill(shape) { Int8.random(in: 0...9, using: &$0) }
            case .int16: return try fill(shape) { Int16.random(in: 0...9, using: &$0) }
            case .int32: return try fill(shape) { Int32.random(in: 0...9, using: &$0) }
            case .int64: return try fill(shape) { Int64.random(in: 0...9, using: &$0) }
            case .uint8: return try fill(shape) { UInt8.random(in: 0...9, using: &$0) }
            case .uint16: return try fill(shape) { UInt16.random(in: 0...9, using: &$0) }
            case .uint32: return try fill(shape) { UInt32.random(in: 0...9, using: &$0) }
            case .uint64: return try fill(shape) { UInt64.random(in: 0...9, using: &$0) }
            case .float16: return try fill(shape) { Float16(Float.random(in: 0..<1, using: &$0)) }
            case .bfloat16: return try fill(shape) { BFloat16(Float.random(in: 0..<1, using: &$0)) }
            case .float32: return try fill(shape) { Float.random(in: 0..<1, using: &$0) }
            case .float64: return try fill(shape) { Double.random(in: 0..<1, using: &$0) }
            }
        } catch {
            throw .invalidRequest(error.message)
        }
    }

    private mutating func word() -> String {
        guard content == .random else { return "" }
        return String(decoding: (0..<8).map { _ in UInt8.random(in: 97...122, using: &random) }, as: UTF8.self)
    }

    private mutating func fill<E: TensorElement>(
        _ shape: Shape, _ make: (inout SplitMix64) -> E
    ) throws(TensorError) -> Tensor {
        let count = shape.elementCount ?? 0
        let storage = TensorStorage(byteCount: count * MemoryLayout<E>.stride) { target in
            target.initializeMemory(as: UInt8.self, repeating: 0)
            guard content == .random else { return }
            for index in 0..<count {
                target.storeBytes(of: make(&random), toByteOffset: index * MemoryLayout<E>.stride, as: E.self)
            }
        }
        return try Tensor(elementType: E.elementType, shape: shape, storage: storage)
    }
}
