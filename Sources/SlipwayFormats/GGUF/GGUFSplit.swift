// SPDX-License-Identifier: Apache-2.0

/// The name of one file of a model in several: `NAME-00001-of-00003.gguf`.
public struct GGUFSplit: Sendable, Hashable {
    /// What comes before the numbers.
    public let stem: String
    /// From 1.
    public let number: Int
    public let count: Int

    /// `nil` for the name of a file that is a model of its own.
    public init?(fileName: String) {
        let suffix = ".gguf"
        guard fileName.hasSuffix(suffix) else { return nil }
        let words = fileName.dropLast(suffix.count).split(separator: "-", omittingEmptySubsequences: false)
        guard words.count >= 4, words[words.count - 2] == "of",
            let number = Self.number(words[words.count - 3]), let count = Self.number(words[words.count - 1]),
            (1...count).contains(number)
        else { return nil }
        stem = words.dropLast(3).joined(separator: "-")
        guard !stem.isEmpty else { return nil }
        self.number = number
        self.count = count
    }

    /// The name of another file of the same model.
    ///
    /// - Parameter stem: Instead of its own.
    public func name(of number: Int, stem: String? = nil) -> String {
        "\(stem ?? self.stem)-\(Self.digits(number))-of-\(Self.digits(count)).gguf"
    }

    private static func number(_ text: Substring) -> Int? {
        guard text.count == 5, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text), number > 0
        else { return nil }
        return number
    }

    static func digits(_ number: Int) -> String {
        let text = "\(number)"
        return String(repeating: "0", count: max(0, 5 - text.count)) + text
    }
}
