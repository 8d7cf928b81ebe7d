// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// An input or an output of a session, under the name ONNX Runtime knows it by.
final class SessionValue: Sendable {
    /// How the session holds what callers see as tensors.
    enum Kind: Sendable, Equatable {
        case tensor
        /// A list of tensors.
        case sequence
        /// A list of maps from class to score, one for each row.
        case scoreRows
        /// One map from class to score.
        case scoreMap
    }

    let spec: TensorSpec
    let kind: Kind
    let cName: CString
    /// The spec's name, dot included, with which the names of a sequence's tensors begin.
    let elementPrefix: String

    init(spec: TensorSpec, kind: Kind) {
        self.spec = spec
        self.kind = kind
        cName = CString(spec.name)
        elementPrefix = spec.name + "."
    }

    /// What a caller's tensor is to a sequence.
    enum SequencePart: Equatable {
        case length
        case element(Int)
    }

    /// Reads `name.3` and `name.length`; `nil` when the name belongs to something else.
    func sequencePart(_ name: String) -> SequencePart? {
        guard kind == .sequence, name.hasPrefix(elementPrefix) else { return nil }
        let suffix = name.dropFirst(elementPrefix.count)
        if suffix == "length" { return .length }
        guard let index = Int(suffix), index >= 0, String(index) == suffix else { return nil }
        return .element(index)
    }
}
