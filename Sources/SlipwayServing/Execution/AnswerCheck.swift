// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Holds an engine's answers to the signature: every output that was asked for is there and of its type.
///
/// Shapes are not compared: files announce wrong ones often enough, and the answer's own shape goes to the caller with
/// it. What does not follow the rows of a batch is found when it is taken apart.
struct AnswerCheck: Sendable {
    private let version: VersionID
    private let types: [String: ElementType]

    init(_ version: VersionID, _ signature: ModelSignature) {
        self.version = version
        var types: [String: ElementType] = [:]
        for spec in signature.outputs where spec.form == .tensor { types[spec.name] = spec.elementType }
        self.types = types
    }

    /// - Parameter requested: The outputs asked for; `nil` for all.
    /// - Throws: ``ServingError`` `wrongAnswer`.
    func check(_ outputs: NamedTensors, requested: [String]?) throws(ServingError) {
        for output in outputs {
            guard let expected = types[output.name], expected != output.tensor.elementType else { continue }
            throw .wrongAnswer(
                version, output: output.name, expected: expected.rawValue, got: output.tensor.elementType.rawValue)
        }
        for name in requested ?? Array(types.keys) where types[name] != nil && outputs[name] == nil {
            throw .wrongAnswer(version, output: name, expected: "there", got: "nothing")
        }
    }
}
