// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine

/// Which of a session's outputs a call computes, and what of them it returns.
struct OutputChoice {
    /// The session's outputs to compute, each once.
    let computed: [SessionValue]
    /// Names to return, in this order, where that is not simply everything computed.
    private let selection: [String]?

    /// - Throws: ``EngineError`` `inputMismatch` for a name that is no output.
    init(_ names: [String], of outputs: [SessionValue]) throws(EngineError) {
        var computed: [SessionValue] = []
        var isWhole = true
        for name in names {
            let exact = outputs.first { $0.spec.name == name }
            guard let output = exact ?? outputs.first(where: { $0.sequencePart(name) != nil }) else {
                let known = outputs.map(\.spec.name).joined(separator: ", ")
                throw EngineError(
                    code: .inputMismatch, message: "unexpected output '\(name)', the model has [\(known)]",
                    location: name)
            }
            if exact == nil { isWhole = false }
            if !computed.contains(where: { $0.spec.name == output.spec.name }) { computed.append(output) }
        }
        self.computed = computed
        selection = isWhole ? nil : names
    }

    /// What was asked for, in the order asked for.
    ///
    /// - Throws: ``EngineError`` `inputMismatch` for an element that the sequence does not have.
    func select(from tensors: NamedTensors) throws(EngineError) -> NamedTensors {
        guard let selection else { return tensors }
        var result = NamedTensors()
        for name in selection {
            if let tensor = tensors[name] {
                result.append(tensor, named: name)
            } else if let sequence = computed.first(where: { $0.spec.name == name && $0.kind == .sequence }) {
                for element in tensors where sequence.sequencePart(element.name) != nil {
                    result.append(element.tensor, named: element.name)
                }
            } else if let sequence = computed.first(where: { $0.sequencePart(name) != nil }),
                let length = tensors[sequence.elementPrefix + "length"]?.values(as: Int64.self)?.first
            {
                throw EngineError(
                    code: .inputMismatch, message: "there is no '\(name)', the sequence has \(length) tensors",
                    location: name)
            }
        }
        return result
    }
}
