// SPDX-License-Identifier: Apache-2.0

/// A split on categories as a chain of equality tests, one for each category of a set.
///
/// All of them lead left to the same node. ONNX Runtime recognises such chains, and makes of those on small numbers
/// one test of a set.
enum TreeChain {
    struct Membership {
        var feature: Int
        /// Whole numbers.
        var categories: [Int]
        /// Whether NaN goes with the categories.
        var missingIsMember: Bool
    }

    /// - Parameters:
    ///   - members: The node where categories of the set go.
    ///   - others: The node where all other values go.
    ///   - place: The place that was kept for the first test; further ones are appended.
    static func append(
        _ test: Membership, members: Int, others: Int, at place: Int, to nodes: inout [TreeEnsemble.Node]
    ) {
        guard let last = test.categories.last else {
            // No number is less than this one; NaN goes where it should.
            nodes[place] = .split(
                feature: test.feature, test: .less, threshold: -.infinity, missingGoesLeft: test.missingIsMember,
                left: members, right: others)
            return
        }
        var place = place
        for category in test.categories.dropLast() {
            let next = nodes.count
            nodes.append(.leaf([]))
            nodes[place] = split(test, category, left: members, right: next)
            place = next
        }
        nodes[place] = split(test, last, left: members, right: others)
    }

    private static func split(_ test: Membership, _ category: Int, left: Int, right: Int) -> TreeEnsemble.Node {
        .split(
            feature: test.feature, test: .equal, threshold: Double(category), missingGoesLeft: test.missingIsMember,
            left: left, right: right)
    }
}
