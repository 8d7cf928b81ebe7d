// SPDX-License-Identifier: Apache-2.0

import SlipwayRegistry

/// How a version's metadata keeps the class names of an output: one fact per output, one class per line.
enum ClassLabelFacts {
    private static let prefix = "labels."

    static func key(_ output: String) -> String { prefix + output }

    static func write(_ labels: [String]) -> String {
        labels.map { $0.replacing("\n", with: " ") }.joined(separator: "\n")
    }

    /// The facts of several outputs.
    static func facts(_ labels: [String: [String]]) -> [String: String] {
        labels.reduce(into: [:]) { $0[key($1.key)] = write($1.value) }
    }

    /// Class names by output.
    static func read(_ metadata: [String: String]) -> [String: [String]] {
        metadata.reduce(into: [:]) { labels, fact in
            guard fact.key.hasPrefix(prefix) else { return }
            labels[String(fact.key.dropFirst(prefix.count))] =
                fact.value.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        }
    }
}
