// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import Yams

extension SpecLeaf {
    /// What the spec holds, as an endpoint file says it; `nil` where it holds nothing.
    func text(in spec: EndpointSpec) -> String? {
        switch value {
        case .flag(let path): spec[keyPath: path].map { "\($0)" }
        case .count(let path): spec[keyPath: path].map { "\($0)" }
        case .counts(let path): spec[keyPath: path].map { "\($0)" }
        case .bytes(let path): spec[keyPath: path].map(UnitText.size)
        case .milliseconds(let path): spec[keyPath: path].map { UnitText.time(milliseconds: $0) }
        case .seconds(let path): spec[keyPath: path].map { UnitText.time(milliseconds: $0 * 1000) }
        case .text(let path), .choice(_, let path): spec[keyPath: path]
        case .instances: spec.instances.map { "\($0)" } ?? "auto"
        }
    }

    /// Reads a value of a file.
    ///
    /// - Returns: What is wrong with it; `nil` when it was taken.
    func read(_ node: Node, into spec: inout EndpointSpec) -> String? {
        if case .counts(let path) = value { return readCounts(node, path, into: &spec) }
        guard let text = node.scalar?.string else { return "'\(key)' takes one value, not a list or a mapping" }
        switch value {
        case .flag(let path):
            guard let flag = ["true": true, "false": false][text] else { return wrong(text, "true or false") }
            spec[keyPath: path] = flag
        case .count(let path):
            guard let count = Int(text) else { return wrong(text, "a whole number") }
            spec[keyPath: path] = count
        case .bytes(let path):
            guard let bytes = UnitText.bytes(text) else { return wrong(text, UnitText.sizeHint) }
            spec[keyPath: path] = bytes
        case .milliseconds(let path):
            guard let time = UnitText.milliseconds(text) else { return wrong(text, UnitText.timeHint) }
            spec[keyPath: path] = time
        case .seconds(let path):
            guard let time = UnitText.milliseconds(text) else { return wrong(text, UnitText.timeHint) }
            spec[keyPath: path] = time / 1000
        case .text(let path):
            guard (1...128).contains(text.utf8.count) else { return wrong(text, "1 to 128 bytes") }
            spec[keyPath: path] = text
        case .choice(let words, let path):
            guard words.contains(text) else {
                return "'\(key)' is '\(text)'" + NearestWord.hint(text, among: words)
            }
            spec[keyPath: path] = text
        case .instances:
            guard text != "auto" else { break }
            guard let count = Int(text) else { return wrong(text, "auto or a whole number") }
            spec.instances = count
        case .counts:
            break
        }
        return nil
    }

    private func readCounts(
        _ node: Node, _ path: WritableKeyPath<EndpointSpec, [Int]?>, into spec: inout EndpointSpec
    ) -> String? {
        guard let items = node.sequence else { return "'\(key)' takes a list, such as [8, 16]" }
        var counts: [Int] = []
        for item in items {
            guard let count = item.scalar.flatMap({ Int($0.string) }) else {
                return "'\(key)' holds something else than whole numbers, such as [8, 16]"
            }
            counts.append(count)
        }
        spec[keyPath: path] = counts
        return nil
    }

    private func wrong(_ text: String, _ expected: String) -> String {
        "'\(key)' is '\(text.prefix(64))', expected \(expected)"
    }
}
