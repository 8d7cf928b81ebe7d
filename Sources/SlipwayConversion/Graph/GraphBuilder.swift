// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
package import SlipwayFormats

/// Puts a graph together node by node; every value gets a name of its own.
///
/// Converters get a builder and the names of their inputs, add nodes, and give back the names of their outputs.
package struct GraphBuilder: Sendable {
    /// The rows of a batch, in every input's first dimension.
    package static let batch = Dimension.symbolic("N")

    private var graph: ONNXGraph
    private var names: Set<String> = []
    private var counts: [String: Int] = [:]
    private var constants: [ONNXTensor: String] = [:]
    private var domains: Set<String> = []
    /// What parts became.
    package var report: ConversionReport

    package init(name: String, report: ConversionReport) {
        graph = ONNXGraph(name: name)
        self.report = report
    }

    // MARK: Inputs and outputs

    /// Adds an input of the model, under exactly this name where it is free.
    package mutating func input(_ name: String, _ type: ElementType, _ shape: [Dimension]) -> String {
        let name = fresh(name)
        graph.inputs.append(.init(name, type, shape))
        return name
    }

    /// Makes a value an output of the model, under exactly this name where it is free.
    package mutating func output(_ value: String, as name: String, _ type: ElementType, _ shape: [Dimension]) {
        let name = fresh(name)
        graph.nodes.append(ONNXNode("Identity", name: name + "/out", inputs: [value], outputs: [name]))
        graph.outputs.append(.init(name, type, shape))
    }

    package var inputs: [ONNXGraph.Value] { graph.inputs }
    package var outputs: [ONNXGraph.Value] { graph.outputs }

    // MARK: Nodes

    /// Adds a constant; equal ones are one.
    package mutating func constant(_ tensor: ONNXTensor) -> String {
        var tensor = tensor
        tensor.name = ""
        if let known = constants[tensor] { return known }
        let name = fresh("constant")
        constants[tensor] = name
        tensor.name = name
        graph.initializers.append(tensor)
        return name
    }

    /// Adds a node with one output and gives that output's name.
    package mutating func node(
        _ operation: String, _ inputs: [String], _ attributes: [String: ONNXAttribute.Value] = [:], domain: String = ""
    ) -> String {
        nodes(operation, inputs, attributes, domain: domain, outputs: 1)[0]
    }

    /// Adds a node with several outputs and gives their names.
    package mutating func nodes(
        _ operation: String, _ inputs: [String], _ attributes: [String: ONNXAttribute.Value] = [:],
        domain: String = "", outputs count: Int
    ) -> [String] {
        let name = fresh(operation.lowercased())
        let outputs = (0..<count).map { count == 1 ? name : fresh("\(name)_\($0)") }
        domains.insert(domain)
        graph.nodes.append(
            ONNXNode(
                operation, domain: domain, name: name, inputs: inputs, outputs: outputs,
                attributes: attributes.sorted { $0.key < $1.key }.map { ONNXAttribute($0.key, $0.value) }))
        return outputs
    }

    /// Casts a value; the caller knows that it has another type.
    package mutating func cast(_ value: String, to type: ElementType) -> String {
        node("Cast", [value], ["to": .int(ONNXFile.number(of: type))])
    }

    /// The finished model.
    package consuming func finish() -> ConvertedModel {
        var file = ONNXFile(graph)
        if domains.contains("ai.onnx.ml") { file.opsets["ai.onnx.ml"] = 3 }
        // ONNX Runtime's own operators; the plain ones have no tokenizer.
        if domains.contains("com.microsoft") { file.opsets["com.microsoft"] = 1 }
        return ConvertedModel(file: file, report: report)
    }

    private mutating func fresh(_ wanted: String) -> String {
        guard !names.insert(wanted).inserted else { return wanted }
        while true {
            let number = counts[wanted, default: 1] + 1
            counts[wanted] = number
            let name = "\(wanted)_\(number)"
            if names.insert(name).inserted { return name }
        }
    }
}
