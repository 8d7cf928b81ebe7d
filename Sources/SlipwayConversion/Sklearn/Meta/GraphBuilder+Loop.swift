// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

extension GraphBuilder {
    /// A value that a loop carries from turn to turn: float64.
    struct LoopState {
        let start: String
        let shape: [Dimension]
    }

    /// Repeats a body until it says stop, or `turns` times.
    ///
    /// The body sees its own arguments only: the number of the turn, INT64 without dimensions, and the states. It gives
    /// back whether to go on, BOOL without dimensions, and the new states.
    ///
    /// - Returns: The states after the last turn.
    mutating func loop(
        turns: Int, _ states: [LoopState],
        body: (inout GraphBuilder, _ turn: String, _ states: [String]) -> (goOn: String, states: [String])
    ) -> [String] {
        var inner = GraphBuilder(name: "body", report: report)
        let turn = inner.input("turn", .int64, [])
        let going = inner.input("going", .bool, [])
        let arguments = states.enumerated().map { inner.input("state\($0.offset)", .float64, $0.element.shape) }
        let result = body(&inner, turn, arguments)
        inner.output(result.goOn.isEmpty ? going : result.goOn, as: "goOn", .bool, [])
        for (index, state) in result.states.enumerated() {
            inner.output(state, as: "next\(index)", .float64, states[index].shape)
        }
        let graph = inner.finish().file.graph.withNames(prefixed: "body/")
        let inputs = [integers([turns], []), constant(ONNXTensor([true], []))] + states.map(\.start)
        return nodes("Loop", inputs, ["body": .graph(graph)], outputs: states.count)
    }
}

extension ONNXGraph {
    /// Names of an inner graph must not be those of the graph around it.
    fileprivate func withNames(prefixed prefix: String) -> ONNXGraph {
        var out = self
        func renamed(_ name: String) -> String { name.isEmpty ? "" : prefix + name }
        for index in out.inputs.indices { out.inputs[index].name = renamed(out.inputs[index].name) }
        for index in out.outputs.indices { out.outputs[index].name = renamed(out.outputs[index].name) }
        for index in out.initializers.indices { out.initializers[index].name = renamed(out.initializers[index].name) }
        for index in out.nodes.indices {
            out.nodes[index].name = renamed(out.nodes[index].name)
            out.nodes[index].inputs = out.nodes[index].inputs.map(renamed)
            out.nodes[index].outputs = out.nodes[index].outputs.map(renamed)
        }
        return out
    }
}
