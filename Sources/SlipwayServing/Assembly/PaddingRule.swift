// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// Which dimension of a model's inputs may be filled up with zeros, so that requests of different lengths share a call.
///
/// The model is told by its mask: 1 (or what the caller sent) where there is data, 0 where there is padding.
package struct PaddingRule: Hashable, Sendable {
    /// The symbol of the dimension: `sequence_length`.
    package let symbol: String
    /// The input that masks, shaped `[batch, symbol]`.
    package let mask: String
    /// For each input that has the dimension: its position.
    package let inputDimensions: [String: Int]
    /// For each output that has the dimension: its positions, ascending.
    package let outputDimensions: [String: [Int]]

    /// The length that requests of `length` are counted as: those of one bucket share a batch.
    ///
    /// Steps are a quarter of a power of two, 1, 2 ... 8, 10, 12, 14, 16, 20 ..., so that the shortest request of a
    /// bucket is filled up by at most a quarter of its own length.
    package static func bucket(_ length: Int) -> Int {
        // Above that no tensor fits into memory, and rounding up could overflow.
        guard length > 4, length <= 1 << 40 else { return length }
        let power = 1 << (Int.bitWidth - 1 - (length - 1).leadingZeroBitCount)
        let step = max(power / 4, 1)
        return (length + step - 1) / step * step
    }

    /// The length of a request; `nil` when it comes without its mask, and so cannot be padded.
    package func length(of inputs: NamedTensors) -> Int? {
        guard let dimensions = inputs[mask]?.shape.dimensions, dimensions.count == 2 else { return nil }
        return dimensions[1]
    }
}

extension PaddingRule {
    /// Finds the rule in a signature, or makes it from what is named by hand.
    ///
    /// - Returns: `nil` when padding is switched off, or when nothing was asked for and nothing fits.
    /// - Throws: ``BatchError`` when `batching` asks for padding and the signature does not allow it.
    package static func find(
        in signature: ModelSignature, _ batching: BatchingSpec = BatchingSpec()
    ) throws(BatchError) -> PaddingRule? {
        guard batching.pads != false else { return nil }
        do throws(BatchError) {
            if let reason = BatchRules.refusal(of: signature) { throw BatchError("nothing can be padded: \(reason)") }
            let mask = try maskInput(signature, batching)
            return try PaddingRule(mask: mask, signature: signature, wanted: batching.paddedDimension)
        } catch {
            guard batching.pads == true || batching.paddedDimension != nil || batching.mask != nil else { return nil }
            throw error
        }
    }

    private static func maskInput(_ signature: ModelSignature, _ batching: BatchingSpec) throws(BatchError)
        -> TensorSpec
    {
        if let wanted = batching.paddedDimension {
            let symbols = Set(signature.inputs.flatMap { ($0.shape ?? []).dropFirst().compactMap(\.symbol) })
            guard symbols.contains(wanted) else {
                throw BatchError("no input has a dimension '\(wanted)', they have \(list(symbols.sorted()))")
            }
        }
        if let name = batching.mask {
            guard let mask = signature.inputs.first(where: { $0.name == name }) else {
                throw BatchError("the model has no input '\(name)', it has \(list(signature.inputs.map(\.name)))")
            }
            guard mask.maskedSymbol != nil else {
                throw BatchError(
                    "input '\(name)' is \(mask.elementType.rawValue) \(mask.shapeText); a mask is a number or bool "
                        + "of shape [batch, length], the length a symbol")
            }
            return mask
        }
        let candidates = signature.inputs.filter { spec in
            guard spec.isNamedMask, let symbol = spec.maskedSymbol else { return false }
            return symbol == batching.paddedDimension ?? symbol
        }
        guard let mask = candidates.first else {
            throw BatchError(
                "no input looks like a mask, the model has \(list(signature.inputs.map(\.name))); name it by hand")
        }
        guard candidates.count == 1 else {
            throw BatchError("\(list(candidates.map(\.name))) may all be the mask; name one by hand")
        }
        return mask
    }

    private init(mask: TensorSpec, signature: ModelSignature, wanted: String?) throws(BatchError) {
        guard let symbol = mask.maskedSymbol, symbol == wanted ?? symbol else {
            throw BatchError("the mask '\(mask.name)' is \(mask.shapeText), not [batch,\(wanted ?? "?")]")
        }
        var inputDimensions: [String: Int] = [:]
        for input in signature.inputs {
            let positions = input.positions(of: symbol)
            guard let position = positions.first else { continue }
            guard positions.count == 1, input.elementType != .bytes else {
                throw BatchError(
                    "input '\(input.name)' (\(input.elementType.rawValue) \(input.shapeText)) cannot be padded: "
                        + "only numbers with a single '\(symbol)' can")
            }
            inputDimensions[input.name] = position
        }
        guard inputDimensions.count > 1 else {
            throw BatchError("no input but the mask '\(mask.name)' has the dimension '\(symbol)'")
        }
        var outputDimensions: [String: [Int]] = [:]
        for output in signature.outputs {
            let positions = output.positions(of: symbol)
            let others = (output.shape ?? []).enumerated().dropFirst().contains { index, dimension in
                if case .fixed = dimension { false } else { !positions.contains(index) }
            }
            guard !others, positions.isEmpty || output.elementType != .bytes else {
                throw BatchError(
                    "output '\(output.name)' is \(output.elementType.rawValue) \(output.shapeText): what belongs to "
                        + "padding could not be cut off again")
            }
            if !positions.isEmpty { outputDimensions[output.name] = positions }
        }
        self.init(
            symbol: symbol, mask: mask.name, inputDimensions: inputDimensions, outputDimensions: outputDimensions)
    }

    private static func list(_ names: [String]) -> String { "[" + names.joined(separator: ", ") + "]" }
}

extension Dimension {
    var symbol: String? { if case .symbolic(let name) = self { name } else { nil } }
}

extension TensorSpec {
    /// Whether its name says that it tells data from padding: `attention_mask`.
    var isNamedMask: Bool { name.lowercased().contains("mask") }

    /// The symbol of the second dimension, if the value has the form of a mask.
    fileprivate var maskedSymbol: String? {
        guard elementType != .bytes, let shape, shape.count == 2 else { return nil }
        return shape[1].symbol
    }

    fileprivate func positions(of symbol: String) -> [Int] {
        (shape ?? []).enumerated().filter { $0.element.symbol == symbol }.map(\.offset)
    }
}
