// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// Runs the part of a converted model up to its trees' sums for one row, by the text of the operators' definitions.
struct TreeInterpreter {
    struct Missing: Error { let what: String }

    private let graph: ONNXGraph
    private let producers: [String: ONNXNode]
    private let constants: [String: ONNXTensor]

    init(_ graph: ONNXGraph) {
        self.graph = graph
        producers = Dictionary(graph.nodes.flatMap { node in node.outputs.map { ($0, node) } }) { $1 }
        constants = Dictionary(graph.initializers.map { ($0.name, $0) }) { $1 }
    }

    /// The sums of the trees, divided where the model averages.
    func sums(_ row: [Double]) throws -> [Double] {
        guard let trees = graph.nodes.first(where: { $0.operation == "TreeEnsembleRegressor" }) else {
            throw Missing(what: "trees")
        }
        var sums = try ensemble(trees, try value(trees.inputs[0], row))
        if let division = graph.nodes.first(where: { $0.operation == "Div" && $0.inputs[0] == trees.outputs[0] }) {
            let divisor = try value(division.inputs[1], row)[0]
            sums = sums.map { $0 / divisor }
        }
        return sums
    }

    private func value(_ name: String, _ row: [Double]) throws -> [Double] {
        if graph.inputs.contains(where: { $0.name == name }) { return row }
        if let constant = constants[name] { return try numbers(constant) }
        guard let node = producers[name] else { throw Missing(what: name) }
        let inputs = try node.inputs.map { try value($0, row) }
        switch node.operation {
        case "Cast": return inputs[0]
        case "Floor": return inputs[0].map { $0.rounded(.down) }
        case "Abs": return inputs[0].map { abs($0) }
        case "Sign": return inputs[0].map { $0.isNaN ? .nan : $0 > 0 ? 1 : $0 < 0 ? -1 : 0 }
        case "Mul": return zip(inputs[0], inputs[1]).map { $0 * $1 }
        case "Where": return inputs[0].indices.map { inputs[0][$0] != 0 ? inputs[1][$0] : inputs[2][$0] }
        default: throw Missing(what: node.operation)
        }
    }

    private func numbers(_ tensor: ONNXTensor) throws -> [Double] {
        guard case .raw(let bytes) = tensor.content else { throw Missing(what: "numbers") }
        return try bytes.withUnsafeBytes { raw in
            switch tensor.elementType {
            case .bool: bytes.map { Double($0) }
            case .float32:
                (0..<(raw.count / 4)).map { Double(raw.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self)) }
            case .float64: (0..<(raw.count / 8)).map { raw.loadUnaligned(fromByteOffset: $0 * 8, as: Double.self) }
            default: throw Missing(what: "\(tensor.elementType)")
            }
        }
    }

    // MARK: Trees

    private func ensemble(_ node: ONNXNode, _ row: [Double]) throws -> [Double] {
        let trees = try ints(node, "nodes_treeids")
        let ids = try ints(node, "nodes_nodeids")
        let features = try ints(node, "nodes_featureids")
        let whenTrue = try ints(node, "nodes_truenodeids")
        let whenFalse = try ints(node, "nodes_falsenodeids")
        let missing = (try? ints(node, "nodes_missing_value_tracks_true")) ?? []
        let thresholds = try reals(node, "nodes_values")
        let modes: [String] = try attribute(node, "nodes_modes") { if case .strings(let all) = $0 { all } else { nil } }
        var places: [[Int]: Int] = [:]
        for index in ids.indices { places[[trees[index], ids[index]]] = index }
        var sums = (try? reals(node, "base_values")) ?? []
        let count = try attribute(node, "n_targets") { if case .int(let count) = $0 { count } else { nil } }
        if sums.isEmpty { sums = [Double](repeating: 0, count: count) }
        let leaves = try leaves(node)
        for tree in Set(trees) {
            var id = 0
            while let place = places[[tree, id]], modes[place] != "LEAF" {
                let x = row[features[place]]
                let goesTrue =
                    x.isNaN
                    ? !missing.isEmpty && missing[place] == 1
                    : modes[place] == "BRANCH_LEQ"
                        ? x <= thresholds[place]
                        : modes[place] == "BRANCH_LT" ? x < thresholds[place] : x == thresholds[place]
                id = goesTrue ? whenTrue[place] : whenFalse[place]
            }
            for (target, weight) in leaves[[tree, id]] ?? [] { sums[target] += weight }
        }
        return sums
    }

    private func leaves(_ node: ONNXNode) throws -> [[Int]: [(Int, Double)]] {
        let trees = try ints(node, "target_treeids")
        let ids = try ints(node, "target_nodeids")
        let targets = try ints(node, "target_ids")
        let weights = try reals(node, "target_weights")
        var result: [[Int]: [(Int, Double)]] = [:]
        for index in ids.indices {
            result[[trees[index], ids[index]], default: []].append((targets[index], weights[index]))
        }
        return result
    }

    private func attribute<T>(_ node: ONNXNode, _ name: String, _ take: (ONNXAttribute.Value) -> T?) throws -> T {
        guard let value = node.attributes.first(where: { $0.name == name })?.value, let result = take(value) else {
            throw Missing(what: name)
        }
        return result
    }

    private func ints(_ node: ONNXNode, _ name: String) throws -> [Int] {
        try attribute(node, name) { if case .ints(let all) = $0 { all } else { nil } }
    }

    /// A list of float32, or a tensor of float64 under the longer name.
    private func reals(_ node: ONNXNode, _ name: String) throws -> [Double] {
        if let floats = try? attribute(node, name, { if case .floats(let all) = $0 { all } else { nil } }) {
            return floats.map { Double($0) }
        }
        return try numbers(attribute(node, name + "_as_tensor") { if case .tensor(let all) = $0 { all } else { nil } })
    }
}
