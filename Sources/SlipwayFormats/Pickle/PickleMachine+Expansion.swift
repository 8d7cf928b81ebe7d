// SPDX-License-Identifier: Apache-2.0

extension PickleMachine {
    /// Fewer shared containers cannot make more than a few million of anything.
    private static let harmlessShares = 20
    /// What following every reference may visit, beside what is in the file.
    private static let expandedLimit = 1e9

    /// Makes a finding where values share parts so that whoever follows all references never comes to an end.
    ///
    /// Values hold one another by number, so that such a pickle takes no more room here than its bytes; each value is
    /// visited once.
    mutating func noteExpansion(from root: UInt32) {
        guard sharedCount >= Self.harmlessShares else { return }
        var sizes = [Float](repeating: 0, count: arena.nodes.count)
        // A node is met twice: before its parts, and, as its complement, after them.
        var open: [(node: UInt32, isDone: Bool)] = [(root, false)]
        while let (number, isDone) = open.popLast() {
            if isDone {
                // A part that is still open holds this one: a circle, which counts once.
                sizes[Int(number)] = parts(number).reduce(ownSize(number)) { $0 + max(sizes[Int($1)], 1) }
            } else if sizes[Int(number)] == 0 {
                sizes[Int(number)] = 1
                open.append((number, true))
                for part in parts(number) where sizes[Int(part)] == 0 { open.append((part, false)) }
            }
        }
        let size = Double(sizes[Int(root)])
        guard size > Self.expandedLimit, size > 1000 * Double(arena.nodes.count) else { return }
        note(.high, "shared values that would unfold to more than \(Int(Self.expandedLimit)) parts: an expansion bomb")
    }

    /// Long texts count by their length: a list may name one again and again.
    private func ownSize(_ number: UInt32) -> Float {
        1 + Float(arena.content(of: node(number))?.count ?? 0) / 16
    }

    private func parts(_ number: UInt32) -> [UInt32] {
        let node = node(number)
        switch node.tag {
        case .tuple, .list, .set, .dictionary: return arena.members(of: node)
        case .object:
            let record = arena.records[Int(node.low)]
            let single = [record.arguments, record.keywords, record.state].compactMap { $0 }
            return single + arena.members(of: record.items) + arena.members(of: record.entries)
        case .array:
            if case .objects(let members) = arena.arrays[Int(node.low)].content { return members }
            return []
        default: return []
        }
    }
}
