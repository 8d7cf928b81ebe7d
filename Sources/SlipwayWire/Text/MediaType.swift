// SPDX-License-Identifier: Apache-2.0

/// A media type with its parameters (RFC 9110, section 8.3.1): `application/json; charset=utf-8`.
package struct MediaType: Sendable, Hashable {
    /// `application/json`, in lower case.
    package let essence: String
    /// Values by name, the names in lower case; of two with one name, the first.
    package let parameters: [String: String]

    /// `nil` for text that is no media type.
    package init?(_ text: String) {
        var parts = Self.split(text, at: UInt8(ascii: ";"))[...]
        guard let first = parts.popFirst() else { return nil }
        let essence = Self.trimmed(first).lowercased()
        let halves = essence.split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count == 2, halves.allSatisfy(Self.isToken) else { return nil }
        self.essence = essence
        var parameters: [String: String] = [:]
        for part in parts.prefix(Self.maximumParameters) {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard pair.count == 2 else { continue }
            let name = Self.trimmed(pair[0]).lowercased()
            if parameters[name] == nil { parameters[name] = Self.unquoted(Self.trimmed(pair[1])) }
        }
        self.parameters = parameters
    }

    /// More than any type has.
    private static let maximumParameters = 16

    /// The types of an `Accept` field, the most wanted first; those with `q=0` are left out.
    package static func accepted(_ field: String) -> [MediaType] {
        let items = split(field, at: UInt8(ascii: ",")).prefix(64)
        let weighted = items.enumerated().compactMap { index, item -> (MediaType, Double, Int)? in
            guard let type = MediaType(String(item)) else { return nil }
            let weight = type.parameters["q"].map { Double($0) ?? 0 } ?? 1
            return weight > 0 ? (type, weight, index) : nil
        }
        return weighted.sorted { ($1.1, $0.2) < ($0.1, $1.2) }.map(\.0)
    }

    /// Splits at a separator that stands outside quotes.
    private static func split(_ text: String, at separator: UInt8) -> [Substring] {
        var parts: [Substring] = []
        var start = text.startIndex
        var isQuoted = false
        var isEscaped = false
        for index in text.utf8.indices {
            let byte = text.utf8[index]
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\"), isQuoted {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                isQuoted.toggle()
            } else if byte == separator, !isQuoted {
                parts.append(text[start..<index])
                start = text.utf8.index(after: index)
            }
        }
        parts.append(text[start...])
        return parts
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while let first = text.utf8.first, first == 0x20 || first == 0x09 { text = text.dropFirst() }
        while let last = text.utf8.last, last == 0x20 || last == 0x09 { text = text.dropLast() }
        return text
    }

    private static func unquoted(_ text: Substring) -> String {
        guard text.count >= 2, text.hasPrefix("\""), text.hasSuffix("\"") else { return String(text) }
        var result = ""
        var isEscaped = false
        for character in text.dropFirst().dropLast() {
            if character == "\\", !isEscaped {
                isEscaped = true
            } else {
                result.append(character)
                isEscaped = false
            }
        }
        return result
    }

    /// Whether the text is a token of RFC 9110, section 5.6.2, `*` among them.
    private static func isToken(_ text: Substring) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }
}
