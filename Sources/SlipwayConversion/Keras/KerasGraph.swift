// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// The graph that layers are added to.
struct KerasGraph {
    /// All weights together; an ONNX file holds no more.
    private static let weightLimit = 2 << 30
    /// Calls of layers: a model may be called again and again by models that are.
    private static let callLimit = 100_000
    /// In comparisons of names, of which a second does some millions.
    private static let searchLimit = 1 << 26

    var builder: GraphBuilder
    let options: ConversionOptions
    private var transposed: [String: String] = [:]
    private var weightByteCount = 0
    private var callCount = 0
    private var searchCost = 0

    init(_ builder: GraphBuilder, options: ConversionOptions) {
        self.builder = builder
        self.options = options
    }

    static func dimensions(_ shape: some Sequence<Int?>) -> [Dimension] {
        shape.map { extent in extent.map { .fixed($0) } ?? .dynamic }
    }

    /// Counts a call of a layer or model.
    mutating func countCall(at path: String) throws {
        callCount += 1
        guard callCount <= Self.callLimit else {
            throw ConversionError(.limitExceeded, "the model calls layers more than \(Self.callLimit) times", at: path)
        }
    }

    /// Counts what looking for variables costs: models that are called again look again.
    mutating func countSearch(_ cost: Int, at path: String) throws {
        searchCost += cost
        guard searchCost <= Self.searchLimit else {
            throw ConversionError(
                .limitExceeded, "finding the variables of the model's layers takes too long", at: path)
        }
    }

    /// Adds to what the user should know, once.
    mutating func note(_ text: String) {
        guard !builder.report.notes.contains(text) else { return }
        builder.report.notes.append(text)
    }

    // MARK: Order of axes

    /// The value as Keras sees it.
    mutating func plain(_ value: KerasValue) -> KerasValue {
        guard value.isChannelsFirst else { return value }
        var result = value
        result.isChannelsFirst = false
        result.name = transpose(value.name, [0] + Array(2..<value.rank) + [1])
        transposed[result.name] = value.name
        return result
    }

    /// The value with its channels, the last axis, after the batch.
    mutating func channelsFirst(_ value: KerasValue) -> KerasValue {
        guard !value.isChannelsFirst, value.rank > 2 else { return value }
        var result = value
        result.isChannelsFirst = true
        result.name = transpose(value.name, [0, value.rank - 1] + Array(1..<(value.rank - 1)))
        transposed[result.name] = value.name
        return result
    }

    private mutating func transpose(_ name: String, _ order: [Int]) -> String {
        // Each value has one counterpart, so undoing a transpose gives back what it came from.
        if let known = transposed[name] { return known }
        let result = node("Transpose", [name], ["perm": .ints(order)])
        transposed[name] = result
        return result
    }

    // MARK: Nodes

    mutating func node(
        _ operation: String, _ inputs: [String], _ attributes: [String: ONNXAttribute.Value] = [:]
    ) -> String { builder.node(operation, inputs, attributes) }

    mutating func constant(_ array: KerasArray) throws -> String {
        weightByteCount += 4 * array.values.count
        guard weightByteCount <= Self.weightLimit else {
            throw ConversionError(.limitExceeded, "the model has more than 2 GiB of weights, an ONNX file cannot")
        }
        return builder.constant(array.tensor)
    }

    mutating func constant(_ value: Float) -> String { builder.constant(ONNXTensor([value], [])) }

    mutating func integer(_ value: Int) -> String { builder.constant(ONNXTensor([Int64(value)], [])) }

    mutating func integers(_ values: [Int]) -> String {
        builder.constant(ONNXTensor(values.map(Int64.init), [values.count]))
    }

    /// The value in float32.
    mutating func float(_ value: KerasValue) -> KerasValue {
        guard value.type != .float32 else { return value }
        var result = value
        result.name = builder.cast(value.name, to: .float32)
        result.type = .float32
        return result
    }

    /// Gives the value another shape, which may have one open extent beside the batch.
    mutating func reshape(_ value: KerasValue, to shape: [Int?], of layer: KerasLayer) throws -> KerasValue {
        guard shape.dropFirst().count(where: { $0 == nil }) <= 1 else {
            throw layer.unsupported("a shape with several open extents", "give the model's input a fixed shape")
        }
        let plain = plain(value)
        let target = [0] + shape.dropFirst().map { $0 ?? -1 }
        return plain.followed(by: node("Reshape", [plain.name, integers(target)]), shape: shape)
    }
}
