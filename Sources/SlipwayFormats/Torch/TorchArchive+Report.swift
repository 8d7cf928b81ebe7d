// SPDX-License-Identifier: Apache-2.0

extension TorchArchive {
    /// One sentence: what the file is.
    public var summary: String {
        switch kind {
        case .torchScript: "The file is a TorchScript model."
        case .exported: "The file is an exported PyTorch program."
        case .stateDict: "The file is a PyTorch state dict: weights, without the code of the model."
        case .module: "The file is a pickled PyTorch module, of the class \(className ?? "?"), whose code is elsewhere."
        }
    }

    /// The line of Python that makes an ONNX file of it, and what it needs.
    public var advice: String { advice(file: "model.\(kind == .exported ? "pt2" : "pt")") }

    /// The same for a file of a name.
    public func advice(file: String) -> String {
        let file = "'" + file.replacing("\\", with: "\\\\").replacing("'", with: "\\'") + "'"
        switch kind {
        case .torchScript:
            // What is None is no input of the graph.
            let given = inputs.filter { $0.defaultValue != "None" }
            let names = inputs.isEmpty ? ["input"] : given.map(\.name)
            let batched = inputs.isEmpty ? ["input"] : given.filter { $0.typeName == "Tensor" }.map(\.name)
            let list = names.map { "'\($0)'" }.joined(separator: ", ")
            let axes = batched.map { "'\($0)': {0: 'batch'}" }.joined(separator: ", ")
            return "Export it, with inputs of your own shapes: torch.onnx.export(torch.jit.load(\(file)).eval(), "
                + "(\(examples),), 'model.onnx', input_names=[\(list)], dynamic_axes={\(axes)}, dynamo=False)"
        case .exported:
            return "Export it: torch.onnx.export(torch.export.load(\(file)), (), 'model.onnx', dynamo=True"
                + "\(oneFile))"
        case .stateDict:
            let part = checkpointPart.map { "['\($0)']" } ?? ""
            return "Make the model by its own code, then: "
                + "model.load_state_dict(torch.load(\(file), weights_only=True)\(part)); "
                + "torch.onnx.export(model.eval(), (\(examples),), 'model.onnx', \(openBatch))"
        case .module:
            return "Where the code of \(className ?? "its class") is at hand: torch.onnx.export(torch.load(\(file), "
                + "weights_only=False).eval(), (\(examples),), 'model.onnx', \(openBatch)); loading it so runs what "
                + "the file asks for, so scan it first: slipway scan \(file)"
        }
    }

    /// Arguments for a model that is served in batches; a graph of one file where it may be one.
    private var openBatch: String { "dynamic_shapes=({0: 'batch'},), dynamo=True\(oneFile)" }

    /// Weights in the ONNX file itself, which holds less than 2 GiB.
    private var oneFile: String {
        let bytes = weights.reduce(0) { sum, tensor in
            let (total, overflow) = sum.addingReportingOverflow(tensor.byteCount ?? 0)
            return overflow ? .max : total
        }
        return bytes < 2_000_000_000 ? ", external_data=False" : ""
    }

    /// What a report for people lists: the facts, then the tensors, at most so many.
    public func report(file: String, tensorLimit: Int = 20) -> [String] {
        var lines = [summary]
        let bytes = tensors.reduce(0) { sum, tensor in
            let (total, overflow) = sum.addingReportingOverflow(tensor.byteCount ?? 0)
            return overflow ? .max : total
        }
        let elements = tensors.reduce(0) { sum, tensor in
            let (total, overflow) = sum.addingReportingOverflow(tensor.elementCount ?? 0)
            return overflow ? .max : total
        }
        lines.append("tensors    \(tensors.count), \(elements) elements, \(bytes) bytes")
        if let version { lines.append("version    \(version)") }
        if !code.isEmpty {
            lines.append("code       \(code.count) files, \(code.reduce(0) { $0 &+ $1.byteCount }) bytes")
            lines += code.prefix(tensorLimit).map { "           \($0.name)  \($0.byteCount)" }
        }
        if !constants.isEmpty { lines.append("constants  \(constants.count) tensors") }
        for input in inputs { lines.append("input      \(input.name) \(input.typeName)" + Self.text(input.shape)) }
        for tensor in tensors.prefix(tensorLimit) {
            lines.append("tensor     \(tensor.name) \(tensor.typeName) \(tensor.shape)")
        }
        if tensors.count > tensorLimit { lines.append("           and \(tensors.count - tensorLimit) more") }
        return lines + [advice(file: file)]
    }

    private static func text(_ shape: [Int?]?) -> String {
        guard let shape else { return "" }
        return " [" + shape.map { $0.map { String($0) } ?? "?" }.joined(separator: ", ") + "]"
    }

    /// The part of a checkpoint that ``weights`` are from; `nil` when they are the whole of it.
    private var checkpointPart: String? {
        guard let first = weights.first, let whole = tensors.first(where: { $0.name.hasSuffix("." + first.name) }),
            !tensors.contains(where: { $0.name == first.name })
        else { return nil }
        return String(whole.name.dropLast(first.name.count + 1))
    }

    /// Inputs to try the model with, as Python makes them.
    private var examples: String {
        guard !inputs.isEmpty else { return guess }
        var isFirst = true
        return inputs.map { input in
            guard input.typeName == "Tensor", input.shape == nil, input.defaultValue == nil, isFirst else {
                return Self.example(input)
            }
            isFirst = false
            return guess
        }.joined(separator: ", ")
    }

    /// An input of the shape that the first layer takes, which the first weight of several dimensions tells.
    private var guess: String {
        guard let weight = weights.first(where: { $0.shape.count >= 2 }) else { return "torch.zeros(1, ...)" }
        switch weight.shape.count {
        case 2: return "torch.zeros(1, \(weight.shape[1]))"
        case 3: return "torch.zeros(1, \(weight.shape[1]), 1000)"
        case 4: return "torch.zeros(1, \(weight.shape[1]), 224, 224)"
        default: return "torch.zeros(1, ...)"
        }
    }

    /// A value of an input's type; of a tensor whose shape the file tells, one of that shape.
    private static func example(_ input: TorchInput) -> String {
        if let value = input.defaultValue { return value }
        return switch input.typeName {
        case "int": "1"
        case "float": "1.0"
        case "bool": "True"
        case "str": "''"
        default:
            input.shape.map { "torch.zeros(\($0.map { String($0 ?? 1) }.joined(separator: ", ")))" }
                ?? "torch.zeros(1, ...)"
        }
    }
}
