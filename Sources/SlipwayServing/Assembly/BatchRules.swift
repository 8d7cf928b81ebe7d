// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// Tells which requests of a model may share an engine call.
package struct BatchRules: Sendable {
    /// One input of the signature, as far as the form asks.
    private struct Input {
        let name: String
        let elementType: ElementType
        let rank: Int
        let isOptional: Bool
        let paddedDimension: Int?
    }

    package let padding: PaddingRule?
    /// Why no two requests may ever share a call; `nil` when they may.
    package let refusal: String?
    private let inputs: [Input]
    private let maskIndex: Int?
    private let outputNames: [String]
    private let hasRows: Bool

    /// - Parameter maximumBatchSize: What the engine and the endpoint allow; 1 keeps every row alone.
    package init(signature: ModelSignature, padding: PaddingRule?, maximumBatchSize: Int?) {
        let refusal = Self.refusal(of: signature)
        self.padding = padding
        hasRows = refusal == nil
        self.refusal = refusal ?? ((maximumBatchSize ?? .max) < 2 ? "the model takes one row at a time" : nil)
        inputs = signature.inputs.map { spec in
            Input(
                name: spec.name, elementType: spec.elementType, rank: spec.shape?.count ?? 0,
                isOptional: spec.isOptional, paddedDimension: padding?.inputDimensions[spec.name])
        }
        maskIndex = padding.flatMap { rule in signature.inputs.firstIndex { $0.name == rule.mask } }
        outputNames = signature.outputs.map(\.name)
    }

    /// Why requests of this signature can never be put together; `nil` when they can.
    package static func refusal(of signature: ModelSignature) -> String? {
        guard !signature.inputs.isEmpty else { return "the model has no inputs" }
        let values = signature.inputs.map { ("input", $0) } + signature.outputs.map { ("output", $0) }
        var batchSymbols: Set<String> = []
        for (kind, spec) in values {
            guard spec.form != .sequence else { return "\(kind) '\(spec.name)' is a sequence" }
            guard let shape = spec.shape else { return "the rank of \(kind) '\(spec.name)' is unknown" }
            switch shape.first {
            case nil: return "\(kind) '\(spec.name)' is a scalar"
            case .fixed: return "the signature has a fixed first dimension"
            case .symbolic(let symbol): batchSymbols.insert(symbol)
            case .dynamic: break
            }
        }
        for (kind, spec) in values {
            for case .symbolic(let symbol) in (spec.shape ?? []).dropFirst() where batchSymbols.contains(symbol) {
                return "\(kind) '\(spec.name)' has its first dimension's '\(symbol)' in another place, too"
            }
        }
        return nil
    }

    /// The form of a request that was checked against the signature; `nil` when it must run alone.
    ///
    /// Called once for each request: one array is allocated, no text is made.
    package func form(of tensors: NamedTensors, requestedOutputs: [String]?) -> BatchForm? {
        guard refusal == nil else { return nil }
        var words: [Int] = []
        words.reserveCapacity(inputs.count * 3 + 1)
        var rows: Int?
        var length: Int?
        var found = 0
        // Without its mask a request cannot be padded, so its length counts exactly.
        let pads = maskIndex.map { Self.find(inputs[$0].name, in: tensors, near: $0) != nil } ?? false
        for (index, input) in inputs.enumerated() {
            guard let tensor = Self.find(input.name, in: tensors, near: index) else {
                guard input.isOptional else { return nil }
                words.append(-1)
                continue
            }
            found += 1
            let extents = tensor.shape.dimensions
            // A tensor without elements may claim any number of rows.
            guard tensor.elementType == input.elementType, extents.count == input.rank,
                extents.allSatisfy({ $0 >= 1 }), rows == nil || rows == extents[0]
            else { return nil }
            rows = extents[0]
            for dimension in 1..<max(extents.count, 1) {
                guard pads, dimension == input.paddedDimension else {
                    words.append(extents[dimension])
                    continue
                }
                let extent = extents[dimension]
                guard extent >= 1, length == nil || length == extent else { return nil }
                length = extent
                words.append(PaddingRule.bucket(extent))
            }
        }
        guard rows != nil, found == tensors.count else { return nil }
        return append(requestedOutputs, to: &words) ? BatchForm(words: words) : nil
    }

    /// The rows of a request: its first dimension where that is a batch, else 1; an empty request counts as one.
    package func rows(of tensors: NamedTensors) -> Int {
        guard hasRows, let first = tensors.first?.tensor, first.count > 0 else { return 1 }
        return max(first.shape.dimensions.first ?? 1, 1)
    }

    /// `false` when a name is no output, which is for the engine to refuse.
    private func append(_ requested: [String]?, to words: inout [Int]) -> Bool {
        guard let requested else {
            words.append(-1)
            return true
        }
        for name in requested {
            guard let index = outputNames.firstIndex(of: name) else { return false }
            words.append(index)
        }
        return true
    }

    /// Callers mostly keep the signature's order, so the same place is looked at first.
    private static func find(_ name: String, in tensors: NamedTensors, near index: Int) -> Tensor? {
        if index < tensors.count, tensors[index].name == name { return tensors[index].tensor }
        return tensors[name]
    }
}
