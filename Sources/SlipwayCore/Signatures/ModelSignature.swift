// SPDX-License-Identifier: Apache-2.0

/// The inputs a model asks for and the outputs it gives, in the model's own order.
public struct ModelSignature: Sendable, Hashable, Codable {
    public let inputs: [TensorSpec]
    public let outputs: [TensorSpec]

    public init(inputs: [TensorSpec], outputs: [TensorSpec]) {
        self.inputs = inputs
        self.outputs = outputs
    }

    /// Whether the first dimension of every input and output may vary, and so may be a batch.
    public var hasVariableFirstDimension: Bool {
        let specs = inputs + outputs
        return !specs.isEmpty
            && specs.allSatisfy { spec in
                guard spec.form != .sequence, let first = spec.shape?.first else { return false }
                if case .fixed = first { return false }
                return true
            }
    }
}

extension ModelSignature {
    /// Checks a request's inputs before they reach an engine.
    ///
    /// Every required input is there, no other is, and each has the type, the rank and
    /// the extents asked for; a symbol has one extent throughout.
    ///
    /// - Throws: ``SignatureError``, its message with what was expected and what came.
    public func check(_ tensors: NamedTensors) throws(SignatureError) {
        var symbols: [String: (extent: Int, input: String)] = [:]
        for spec in inputs where spec.form == .tensor {
            guard let tensor = tensors[spec.name] else {
                if spec.isOptional { continue }
                throw .missingInput(spec, given: tensors.names)
            }
            guard tensor.elementType == spec.elementType else { throw .wrongType(spec, got: tensor.elementType) }
            guard let expected = spec.shape else { continue }
            guard expected.count == tensor.shape.rank else { throw .wrongShape(spec, got: tensor.shape) }
            for (dimension, extent) in zip(expected, tensor.shape.dimensions) {
                switch dimension {
                case .fixed(let wanted):
                    guard wanted == extent else { throw .wrongShape(spec, got: tensor.shape) }
                case .dynamic:
                    break
                case .symbolic(let symbol):
                    if let known = symbols[symbol], known.extent != extent {
                        throw .symbolMismatch(
                            symbol, spec.name, got: extent, other: known.input, expected: known.extent)
                    }
                    symbols[symbol] = (extent, spec.name)
                }
            }
        }
        for element in tensors where !inputs.contains(where: { $0.accepts(element.name) }) {
            throw .unknownInput(element.name, known: inputs.map(\.name))
        }
    }

    /// Checks that every name in `names` is an output.
    public func checkOutputs(_ names: [String]) throws(SignatureError) {
        for name in names where !outputs.contains(where: { $0.accepts(name) }) {
            throw .unknownOutput(name, known: outputs.map(\.name))
        }
    }
}

extension TensorSpec {
    /// Whether a caller's tensor of this name belongs to this value.
    func accepts(_ candidate: String) -> Bool {
        guard form == .sequence else { return candidate == name }
        guard candidate.hasPrefix(name + ".") else { return candidate == name }
        let suffix = candidate.dropFirst(name.count + 1)
        return suffix == "length" || Int(suffix).map { $0 >= 0 } == true
    }
}
