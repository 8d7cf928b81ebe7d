// SPDX-License-Identifier: Apache-2.0

/// Which of a model's numbered folders are to be served, as Triton and TensorFlow Serving tell it.
package enum VersionPolicy: Sendable, Hashable, CustomStringConvertible {
    /// The highest so many.
    case latest(Int)
    case all
    case specific([Int])

    /// The numbers that it asks for, in ascending order, and those of them that are not there.
    package func choose(from numbers: [Int]) -> (chosen: [Int], missing: [Int]) {
        let there = Set(numbers).sorted()
        switch self {
        case .latest(let count): return (Array(there.suffix(max(0, count))), [])
        case .all: return (there, [])
        case .specific(let wanted):
            let wanted = Set(wanted).sorted()
            let known = Set(there)
            return (wanted.filter(known.contains), wanted.filter { !known.contains($0) })
        }
    }

    package var description: String {
        switch self {
        case .latest(let count): "latest \(count)"
        case .all: "all"
        case .specific(let numbers): "specific \(numbers)"
        }
    }

    /// The most numbers of a specific policy.
    static let maximumSpecific = 10_000

    /// Reads `latest`, `all` and `specific` of a message; `nil` when it names none of them.
    static func read(_ node: ConfigNode, named name: String, _ problems: inout FileProblems) -> VersionPolicy? {
        let given = ["latest", "all", "specific"].filter { node.node($0) != nil }
        guard given.count < 2 else {
            problems.add(node.line, "'\(name)' has \(given.joined(separator: " and ")), expected one of them")
            return nil
        }
        if let latest = node.node("latest") {
            let count = latest.integer("num_versions") ?? 1
            guard (0...maximumSpecific).contains(count) else {
                problems.add(latest.line, "'num_versions' is \(count), expected 1 to \(maximumSpecific)")
                return nil
            }
            // 0 is what protobuf reads when the field is left out.
            return .latest(max(1, count))
        }
        if node.node("all") != nil { return .all }
        guard let specific = node.node("specific") else { return nil }
        let numbers = specific.integers("versions")
        guard (1...maximumSpecific).contains(numbers.count), numbers.allSatisfy({ $0 >= 0 }) else {
            problems.add(specific.line, "'versions' takes 1 to \(maximumSpecific) numbers from 0 on")
            return nil
        }
        return .specific(numbers)
    }
}
