// SPDX-License-Identifier: Apache-2.0

/// A file of a TorchScript model's code.
public struct TorchCodeFile: Sendable, Hashable {
    /// `code/__torch__/model.py`.
    public let name: String
    public let byteCount: Int
}

/// Finds what `forward` takes in TorchScript code, whose shape its printer fixes.
enum TorchCode {
    /// The inputs of the class of a module; `nil` when its code has no `forward`.
    ///
    /// - Parameter className: The last part of the class's name.
    static func inputs(of className: String, in code: String) -> [TorchInput]? {
        let lines = code.split(separator: "\n", omittingEmptySubsequences: false)
        guard let start = lines.firstIndex(where: { $0.hasPrefix("class \(className)(") }) else { return nil }
        let body = lines[(start + 1)...].prefix { !$0.hasPrefix("class ") }
        guard let first = body.firstIndex(where: { $0.hasPrefix("  def forward(") }) else { return nil }
        var signature = ""
        for line in body[first...] {
            signature += line
            if line.contains("->") || line.hasSuffix(":") { break }
        }
        guard let open = signature.firstIndex(of: "("),
            let close = signature.range(of: ") ->") ?? signature.range(of: "):")
        else { return nil }
        let list = signature[signature.index(after: open)..<close.lowerBound]
        return arguments(list).dropFirst().compactMap { argument in
            let parts = argument.split(separator: ":", maxSplits: 1).map { $0.drop { $0 == " " } }
            guard parts.count == 2 else { return nil }
            let type = parts[1].split(separator: "=", maxSplits: 1)
            return TorchInput(
                name: String(parts[0]), typeName: String(type.first ?? ""), shape: nil,
                defaultValue: type.count > 1 ? String(type[1]) : nil)
        }
    }

    /// A list taken apart at commas outside of brackets.
    private static func arguments(_ list: Substring) -> [Substring] {
        var depth = 0
        return list.split { character in
            if "[(".contains(character) { depth += 1 }
            if "])".contains(character) { depth -= 1 }
            return character == "," && depth == 0
        }
    }
}

extension String {
    /// Where `text` begins first and ends.
    fileprivate func range(of text: String) -> Range<String.Index>? {
        self.firstRange(of: text)
    }
}
