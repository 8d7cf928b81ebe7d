// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import Yams

/// Makes drafts of the nodes of a file, and tells everything that is wrong with them.
struct EndpointFileReader {
    var problems = FileProblems()
    private(set) var endpoints: [EndpointDraft] = []

    private static let lists = ["routes", "sticky", "rules", "shadow", "rollout", "monitoring"]
    private static let sections = ["batching", "limits", "quota", "client_quota", "lifecycle", "language"]

    static func line(_ node: Node) -> Int { max(1, node.mark?.line ?? 1) }

    mutating func readFile(_ root: Node) {
        let found = fields(of: root, known: ["endpoints"], named: "the file")
        guard let mapping = found["endpoints"] else {
            if root.mapping != nil, problems.list.isEmpty { problems.add(Self.line(root), "expected 'endpoints:'") }
            return
        }
        guard let items = mapping.value.mapping, !items.isEmpty else {
            return problems.add(mapping.line, "'endpoints' takes a mapping from names to what they serve")
        }
        guard items.count <= EndpointFile.maximumEndpoints else {
            return problems.add(
                mapping.line, "the file has \(items.count) endpoints, expected \(EndpointFile.maximumEndpoints) at most"
            )
        }
        for (key, value) in items { readEndpoint(key, value) }
    }

    private mutating func readEndpoint(_ key: Node, _ node: Node) {
        let name = key.scalar?.string ?? ""
        do throws(ReferenceError) {
            try ModelReference.checkName(name)
        } catch {
            return problems.add(Self.line(key), error.message)
        }
        var draft = EndpointDraft(name: name, line: Self.line(key))
        let own = SpecLeaf.all.filter { $0.section == nil }
        let found = fields(of: node, known: Self.lists + own.map(\.key) + Self.sections, named: "endpoint '\(name)'")
        for leaf in own { read(leaf, found[leaf.key], into: &draft) }
        for section in Self.sections {
            guard let entry = found[section] else { continue }
            draft.lines[section] = entry.line
            let leaves = SpecLeaf.all.filter { $0.section == section }
            let values = fields(of: entry.value, known: leaves.map(\.key), named: "'\(section)'")
            for leaf in leaves { read(leaf, values[leaf.key], into: &draft) }
        }
        // First, because it decides which weights may be left out.
        if let entry = found["rollout"] { readRollout(entry, into: &draft) }
        if let entry = found["routes"] {
            readRoutes(entry, into: &draft)
        } else if node.mapping != nil {
            problems.add(draft.line, "endpoint '\(name)' has no 'routes', such as [{version: \"\(name):1\"}]")
        }
        if let entry = found["sticky"] { readSticky(entry, into: &draft) }
        if let entry = found["rules"] { readRules(entry, into: &draft) }
        if let entry = found["shadow"] { readShadows(entry, into: &draft) }
        if let entry = found["monitoring"] { readMonitoring(entry, into: &draft) }
        endpoints.append(draft)
    }

    mutating func read(_ leaf: SpecLeaf, _ field: Field?, into draft: inout EndpointDraft) {
        guard let field else { return }
        draft.lines[leaf.path] = field.line
        if let problem = leaf.read(field.value, into: &draft.settings) { problems.add(field.line, problem) }
    }

    // MARK: Nodes

    struct Field {
        let line: Int
        let value: Node
    }

    /// The fields of a mapping by key; a node that is none, and keys that are not known, are told.
    mutating func fields(of node: Node, known: [String], named owner: String) -> [String: Field] {
        guard let mapping = node.mapping else {
            problems.add(Self.line(node), "\(owner) takes keys with values: \(known.joined(separator: ", "))")
            return [:]
        }
        var fields: [String: Field] = [:]
        for (key, value) in mapping {
            let line = Self.line(key)
            guard let word = key.scalar?.string, known.contains(word) else {
                let word = String((key.scalar?.string ?? "?").prefix(64))
                problems.add(line, "unknown key '\(word)' in \(owner)" + NearestWord.hint(word, among: known))
                continue
            }
            fields[word] = Field(line: line, value: value)
        }
        return fields
    }

    /// The items of a list; a node that is none, an empty list and one that is too long are told.
    mutating func items(of field: Field, named name: String, example: String) -> [Node] {
        guard let list = field.value.sequence else {
            problems.add(field.line, "'\(name)' takes a list, such as \(example)")
            return []
        }
        guard !list.isEmpty else {
            problems.add(field.line, "'\(name)' is empty: leave it out, or write \(example)")
            return []
        }
        guard list.count <= EndpointCheck.maximumEntries else {
            problems.add(
                field.line, "'\(name)' has \(list.count) entries, expected \(EndpointCheck.maximumEntries) at most")
            return []
        }
        return Array(list)
    }

    /// A plain value; anything else is told.
    mutating func text(_ field: Field?, named name: String) -> String? {
        guard let field else { return nil }
        guard let text = field.value.scalar?.string else {
            problems.add(field.line, "'\(name)' takes one value, not a list or a mapping")
            return nil
        }
        return text
    }

    mutating func share(_ field: Field?, named name: String) -> Share? {
        guard let field, let text = text(field, named: name) else { return nil }
        guard let share = Share(text) else {
            problems.add(field.line, "'\(name)' is '\(text.prefix(64))', expected 0% to 100%")
            return nil
        }
        return share
    }

    mutating func reference(_ field: Field?, line: Int, owner: String) -> ModelReference? {
        guard let field else {
            problems.add(line, "\(owner) has no 'version', such as \"fraud:3\"")
            return nil
        }
        guard let text = text(field, named: "version") else { return nil }
        do throws(ReferenceError) {
            return try ModelReference(parsing: text)
        } catch {
            problems.add(field.line, error.message)
            return nil
        }
    }
}
