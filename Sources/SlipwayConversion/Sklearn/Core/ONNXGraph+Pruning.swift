// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats

extension ONNXGraph {
    /// Leaves out nodes and constants that no output depends on; nodes stand in their order of use.
    mutating func dropUnused() {
        var wanted = Set(outputs.map(\.name))
        var kept: [ONNXNode] = []
        for node in nodes.reversed() where node.outputs.contains(where: wanted.contains) {
            wanted.formUnion(node.inputs)
            kept.append(node)
        }
        nodes = kept.reversed()
        initializers.removeAll { !wanted.contains($0.name) }
    }

    /// Leaves out inputs that no node reads, unless none would be left.
    mutating func dropUnusedInputs() {
        let read = Set(nodes.flatMap(\.inputs))
        let used = inputs.filter { read.contains($0.name) }
        if !used.isEmpty { inputs = used }
    }
}
