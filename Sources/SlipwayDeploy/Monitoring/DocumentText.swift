// SPDX-License-Identifier: Apache-2.0

extension DocumentNode {
    /// A YAML document in block style, below a comment.
    package func yaml(comment: String) -> String {
        comment.split(separator: "\n", omittingEmptySubsequences: false).map { "# \($0)\n" }.joined() + block(indent: 0)
    }

    /// A JSON document with two spaces to a level.
    package func json() -> String { jsonText(indent: 0) + "\n" }

    // MARK: YAML

    private func block(indent: Int) -> String {
        let margin = String(repeating: " ", count: indent)
        switch self {
        case .map(let entries) where !entries.isEmpty:
            return entries.map { margin + Self.word($0.key) + ":" + $0.value.after(indent: indent) }.joined()
        case .list(let values) where !values.isEmpty:
            return values.map { value in
                guard value.isBlock else { return "\(margin)- \(value.scalar)\n" }
                // The first line of the block stands beside the dash.
                return margin + "- " + value.block(indent: indent + 2).dropFirst(indent + 2)
            }.joined()
        default: return margin + scalar + "\n"
        }
    }

    /// What follows a key's colon.
    private func after(indent: Int) -> String { isBlock ? "\n" + block(indent: indent + 2) : " \(scalar)\n" }

    private var isBlock: Bool {
        switch self {
        case .map(let entries): !entries.isEmpty
        case .list(let values): !values.isEmpty
        default: false
        }
    }

    private var scalar: String {
        if case .text(let text) = self { Self.word(text) } else { jsonText(indent: 0) }
    }

    /// Plain where nothing can be misread, else in double quotes with JSON's escapes, which are YAML's too.
    private static func word(_ text: String) -> String {
        let reserved: Set<String> = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"]
        let isPlain =
            text.utf8.first.map { (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x2F } ?? false
        let isSafe = text.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || "_-./".utf8.contains(byte)
        }
        return isPlain && isSafe && !reserved.contains(text.lowercased()) ? text : quoted(text)
    }

    // MARK: JSON

    private func jsonText(indent: Int) -> String {
        let margin = String(repeating: " ", count: indent)
        switch self {
        case .text(let text): return Self.quoted(text)
        case .integer(let value): return String(value)
        case .number(let value): return value.isFinite ? Int(exactly: value).map(String.init) ?? String(value) : "null"
        case .bool(let value): return value ? "true" : "false"
        case .null: return "null"
        case .list(let values):
            guard !values.isEmpty else { return "[]" }
            let inner = values.map { "\(margin)  " + $0.jsonText(indent: indent + 2) }.joined(separator: ",\n")
            return "[\n\(inner)\n\(margin)]"
        case .map(let entries):
            guard !entries.isEmpty else { return "{}" }
            let inner = entries.map {
                "\(margin)  \(Self.quoted($0.key)): " + $0.value.jsonText(indent: indent + 2)
            }.joined(separator: ",\n")
            return "{\n\(inner)\n\(margin)}"
        }
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case _
            where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || scalar.value == 0xFEFF
                || (0x2028...0x2029).contains(scalar.value):
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
