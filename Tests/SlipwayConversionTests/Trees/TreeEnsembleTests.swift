// SPDX-License-Identifier: Apache-2.0

import SlipwayConversion
import SlipwayCore
import SlipwayFormats
import Testing

@Suite("Tree ensembles as ONNX")
struct TreeEnsembleTests {
    private func model(_ ensemble: TreeEnsemble) throws -> ONNXGraph {
        var graph = GraphBuilder(name: "trees", report: ConversionReport(framework: "test"))
        let input = graph.input("input", ensemble.comparison, [GraphBuilder.batch, .fixed(2)])
        let sums = try graph.trees(ensemble, of: input)
        graph.output(sums, as: "sums", .float32, [GraphBuilder.batch, .fixed(ensemble.targetCount)])
        return graph.finish().file.graph
    }

    private func tree(_ nodes: [TreeEnsemble.Node]) -> TreeEnsemble.Tree {
        var tree = TreeEnsemble.Tree()
        tree.nodes = nodes
        return tree
    }

    private func split(
        _ test: TreeEnsemble.Test, _ threshold: Double, missingGoesLeft: Bool = false, left: Int = 1, right: Int = 2
    ) -> TreeEnsemble.Node {
        .split(
            feature: 0, test: test, threshold: threshold, missingGoesLeft: missingGoesLeft, left: left, right: right)
    }

    @Test("route values at and beside a threshold", arguments: [TreeEnsemble.Test.less, .lessOrEqual, .equal])
    func routing(test: TreeEnsemble.Test) throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            let threshold = Float.random(in: -100...100, using: &random)
            let ensemble = TreeEnsemble(
                trees: [tree([split(test, Double(threshold), missingGoesLeft: true), .leaf([1]), .leaf([2])])],
                targetCount: 1, comparison: .float32)
            let interpreter = TreeInterpreter(try model(ensemble))
            for value in [threshold, threshold.nextDown, threshold.nextUp, .nan] {
                let isLeft =
                    switch test {
                    case .less: value < threshold
                    case .lessOrEqual: value <= threshold
                    case .equal: value == threshold
                    }
                let sums = try interpreter.sums([Double(value), 0])
                #expect(sums == [isLeft || value.isNaN ? 1 : 2], "\(value) against \(threshold)")
            }
        }
    }

    @Test("divide by the trees of a target where each tree is for one")
    func average() throws {
        let ensemble = TreeEnsemble(
            trees: [1.0, 2, 3, 4].map { tree([.leaf([$0])]) }, targetOfTree: [0, 1, 0, 1], targetCount: 2,
            aggregate: .average, comparison: .float64)
        let sums = try TreeInterpreter(model(ensemble)).sums([0, 0])
        #expect(sums == [2, 3])
    }

    @Test("without trees give their base")
    func empty() throws {
        let ensemble = TreeEnsemble(trees: [], targetCount: 2, base: [0.5, -1], comparison: .float32)
        let sums = try TreeInterpreter(model(ensemble)).sums([0, 0])
        #expect(sums == [0.5, -1])
    }

    @Test("may share the left child, as sets of categories do")
    func sharing() throws {
        let nodes = [split(.equal, 3, left: 3, right: 1), split(.equal, 5, left: 3, right: 2), .leaf([0]), .leaf([1])]
        let ensemble = TreeEnsemble(trees: [tree(nodes)], targetCount: 1, comparison: .float32)
        let interpreter = TreeInterpreter(try model(ensemble))
        let answers = try [3.0, 4, 5].map { try interpreter.sums([$0, 0]) }
        #expect(answers == [[1], [0], [1]])
    }

    @Test(
        "that no engine could load are refused",
        arguments: [
            [], [.leaf([1, 2])], [.leaf([1]), .leaf([1])],
            [.split(feature: 0, test: .less, threshold: 0, missingGoesLeft: false, left: 1, right: 1), .leaf([1])],
            [.split(feature: 0, test: .less, threshold: 0, missingGoesLeft: false, left: 0, right: 1), .leaf([1])],
            [.split(feature: 0, test: .less, threshold: 0, missingGoesLeft: false, left: 1, right: 9), .leaf([1])],
            [
                .split(feature: 0, test: .less, threshold: 0, missingGoesLeft: false, left: 1, right: 2),
                .split(feature: 0, test: .less, threshold: 0, missingGoesLeft: false, left: 3, right: 2), .leaf([1]),
                .leaf([1]),
            ],
        ] as [[TreeEnsemble.Node]])
    func malformed(nodes: [TreeEnsemble.Node]) {
        let ensemble = TreeEnsemble(trees: [tree(nodes)], targetCount: 1, comparison: .float32)
        let error = #expect(throws: ConversionError.self) { try model(ensemble) }
        #expect(error?.code == .malformed)
        #expect(error?.location == "trees[0]")
    }

    @Test("deeper than engines follow are refused")
    func depth() {
        var chain: [TreeEnsemble.Node] = []
        for level in 0..<5000 {
            chain.append(split(.less, 0, left: 2 * level + 1, right: 2 * level + 2))
            chain.append(.leaf([0]))
        }
        chain.append(.leaf([0]))
        let ensemble = TreeEnsemble(trees: [tree(chain)], targetCount: 1, comparison: .float32)
        let error = #expect(throws: ConversionError.self) { try model(ensemble) }
        #expect(error?.code == .limitExceeded)
    }
}
