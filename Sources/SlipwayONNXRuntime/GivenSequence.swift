// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine

/// The tensors of a request that together are one sequence.
struct GivenSequence {
    /// In order.
    let elements: [Tensor]
    /// Tensors of the request that belong to the sequence, its length among them.
    let tensorCount: Int
    /// Whether the request has anything of the sequence; an empty one is its length, 0, alone.
    var isPresent: Bool { tensorCount > 0 }

    /// Collects `name.0`, `name.1` ... and, where given, `name.length`, in one pass.
    ///
    /// - Throws: ``EngineError`` `inputMismatch` when one is missing, of another type, or the length disagrees.
    init(_ input: SessionValue, _ tensors: NamedTensors) throws(EngineError) {
        var found: [Int: Tensor] = [:]
        var length: Int?
        var tensorCount = 0
        for element in tensors {
            switch input.sequencePart(element.name) {
            case .length:
                length = try Self.length(element)
            case .element(let index):
                guard element.tensor.elementType == input.spec.elementType else {
                    throw EngineError(
                        code: .inputMismatch,
                        message: "input '\(element.name)' expected datatype \(input.spec.elementType.rawValue), "
                            + "got \(element.tensor.elementType.rawValue)",
                        location: element.name)
                }
                found[index] = element.tensor
            case nil:
                continue
            }
            tensorCount += 1
        }
        var elements: [Tensor] = []
        elements.reserveCapacity(found.count)
        while let tensor = found[elements.count] { elements.append(tensor) }
        guard elements.count == found.count, elements.count == length ?? elements.count else {
            let expected = length ?? found.count
            throw EngineError(
                code: .inputMismatch,
                message: "sequence '\(input.spec.name)' expected \(expected) tensors named '\(input.elementPrefix)0' "
                    + "to '\(input.elementPrefix)\(max(0, expected - 1))', got \(found.count) and the first gap at "
                    + "\(elements.count)",
                location: input.spec.name)
        }
        self.elements = elements
        self.tensorCount = tensorCount
    }

    private static func length(_ element: NamedTensors.Element) throws(EngineError) -> Int {
        let values = element.tensor.values(as: Int64.self) ?? []
        guard values.count == 1, let value = values.first, value >= 0 else {
            throw EngineError(
                code: .inputMismatch,
                message: "input '\(element.name)' expected one INT64 that is not negative, got "
                    + "\(element.tensor.elementType.rawValue) \(element.tensor.shape)",
                location: element.name)
        }
        return Int(value)
    }
}
