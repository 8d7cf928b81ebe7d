// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Turns a graph's inputs and outputs into the house's words.
struct ONNXSignature {
    let signature: ModelSignature
    let classLabels: [String: ONNXModelInfo.ClassLabels]

    /// - Throws: ``FormatError`` `unsupported` for a type that callers cannot send or receive, `malformed` for values
    ///   without a name or a type or with a name used twice.
    init(_ content: ONNXGraphContent, irVersion: Int) throws(FormatError) {
        var labels: [String: ONNXModelInfo.ClassLabels] = [:]
        var inputs: [TensorSpec] = []
        var names: Set<String> = []
        for value in content.inputs {
            let hasDefault = content.initializers.contains(value.name)
            // Until IR version 3 every constant had to be an input as well.
            if hasDefault && irVersion < 4 { continue }
            try Self.checkName(value.name, "input", &names)
            inputs.append(try Self.spec(of: value, role: "input", isOptional: hasDefault))
        }
        var batch = Dimension.dynamic
        for case .symbolic(let symbol)? in inputs.map({ $0.shape?.first }) {
            batch = .symbolic(symbol)
            break
        }
        var outputs: [TensorSpec] = []
        names = []
        for value in content.outputs {
            try Self.checkName(value.name, "output", &names)
            if case .sequence(.map) = value.type {
                let known = content.classLabels[value.name]
                if let known { labels[value.name] = known }
                outputs.append(try Self.classScores(value, labels: known, batch: batch))
            } else {
                outputs.append(try Self.spec(of: value, role: "output", isOptional: false))
            }
        }
        guard !outputs.isEmpty else {
            throw FormatError(.malformed, "the graph has no outputs; export the model again")
        }
        signature = ModelSignature(inputs: inputs, outputs: outputs)
        classLabels = labels
    }

    private static func checkName(
        _ name: String, _ role: String, _ names: inout Set<String>
    ) throws(FormatError) {
        guard !name.isEmpty else { throw FormatError(.malformed, "an \(role) of the graph has no name") }
        guard names.insert(name).inserted else {
            throw FormatError(.malformed, "the graph has two \(role)s named '\(name)'", at: name)
        }
    }

    private static func spec(
        of value: ONNXValue, role: String, isOptional: Bool
    ) throws(FormatError) -> TensorSpec {
        switch value.type {
        case .tensor(let number, let shape):
            return TensorSpec(
                name: value.name, elementType: try elementType(number, value, role), shape: shape,
                isOptional: isOptional)
        case .sequence(.tensor(let number, let shape)):
            return TensorSpec(
                name: value.name, elementType: try elementType(number, value, role), shape: shape,
                isOptional: isOptional, form: .sequence)
        case .optional(let inner):
            return try spec(of: ONNXValue(name: value.name, type: inner), role: role, isOptional: true)
        case .missing:
            throw FormatError(
                .malformed,
                "\(role) '\(value.name)' has no type; export the model again with shape inference", at: value.name)
        case .sequence: throw unsupported(value, role, "a sequence of something other than tensors")
        case .map: throw unsupported(value, role, "a map")
        case .sparseTensor: throw unsupported(value, role, "a sparse tensor")
        case .opaque: throw unsupported(value, role, "an opaque value")
        }
    }

    private static func classScores(
        _ value: ONNXValue, labels: ONNXModelInfo.ClassLabels?, batch: Dimension
    ) throws(FormatError) -> TensorSpec {
        guard case .sequence(.map(_, .tensor(1, _))) = value.type else {
            throw unsupported(value, "output", "a sequence of maps whose values are not float32")
        }
        return TensorSpec(
            name: value.name, elementType: .float32,
            shape: [batch, labels.map { .fixed($0.count) } ?? .dynamic], form: .classScores)
    }

    private static func elementType(
        _ number: Int64, _ value: ONNXValue, _ role: String
    ) throws(FormatError) -> ElementType {
        if let type = ONNXDataType.elementType(number) { return type }
        throw unsupported(value, role, "a tensor of \(ONNXDataType.name(number))")
    }

    private static func unsupported(_ value: ONNXValue, _ role: String, _ what: String) -> FormatError {
        FormatError(
            .unsupported,
            "\(role) '\(value.name)' is \(what), which clients cannot send or receive; "
                + "add a Cast or another conversion to the graph and export it again",
            at: value.name)
    }
}
