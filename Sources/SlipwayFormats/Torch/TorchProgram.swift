// SPDX-License-Identifier: Apache-2.0

/// What the JSON of an exported program (`torch.export`) says of its tensors and inputs.
///
/// Format: the schema of `torch/_export/serde`.
struct TorchProgram {
    private(set) var tensors: [TorchTensor] = []
    private(set) var inputs: [TorchInput] = []
    private(set) var operators: [String] = []

    /// - Throws: ``FormatError`` `malformed` when it has no graph.
    init(_ value: StructuredValue, limits: TorchLimits) throws(FormatError) {
        guard let module = value["graph_module"], let graph = module["graph"], let values = graph["tensor_values"],
            let signature = module["signature"]
        else {
            throw FormatError(.malformed, "the exported program has no graph; write it with torch.export.save")
        }
        for spec in signature["input_specs"]?.list ?? [] {
            guard let member = spec.members?.first else { continue }
            let argument = member.value["arg"]
            let name = argument?["name"]?.string ?? argument?["as_tensor"]?["name"]?.string ?? ""
            let (type, shape) = Self.facts(values[name])
            switch member.name {
            case "user_input":
                inputs.append(TorchInput(name: name.isEmpty ? "input" : name, typeName: type ?? "Tensor", shape: shape))
            case "parameter", "buffer", "tensor_constant":
                let title = member.value[member.name + "_name"]?.string ?? name
                guard tensors.count < limits.tensorCount else {
                    throw FormatError(.limitExceeded, "the program has more than \(limits.tensorCount) tensors")
                }
                tensors.append(
                    TorchTensor(
                        name: title, type: type.flatMap { TorchType.named($0) }, typeName: type ?? "unknown",
                        shape: (shape ?? []).map { $0 ?? 0 }, storage: nil))
            default: break
            }
        }
        operators = Set((graph["nodes"]?.list ?? []).compactMap { $0["target"]?.string }).sorted()
    }

    private static func facts(_ value: StructuredValue?) -> (type: String?, shape: [Int?]?) {
        guard let value else { return (nil, nil) }
        let type = value["dtype"]?.integer.flatMap { TorchType.exported($0)?.name }
        return (type, value["sizes"]?.list?.map { $0["as_int"]?.integer ?? $0.integer })
    }
}

/// An input of a model, as far as its file tells.
public struct TorchInput: Sendable, Hashable {
    public let name: String
    /// `Tensor` where the file says no more.
    public let typeName: String
    /// `nil` where the file does not tell; an extent is `nil` where any will do.
    public let shape: [Int?]?
    /// What `forward` takes when it is not given, as Python writes it.
    public var defaultValue: String?
}
