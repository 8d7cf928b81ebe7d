// SPDX-License-Identifier: Apache-2.0

/// The part of a request's target after `?`: `a=1&b=2`.
package struct QueryText: Sendable {
    private let text: Substring

    package init(_ text: Substring) { self.text = text }

    /// A parameter's value, decoded, of its first occurrence: empty when it stands without `=`; `nil` when it is
    /// absent, or its value has a bad escape.
    package subscript(name: String) -> String? {
        for pair in text.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard Self.decoded(parts[0]) == name else { continue }
            return parts.count == 2 ? Self.decoded(parts[1]) : ""
        }
        return nil
    }

    /// In a query, unlike in a path, `+` is a space.
    private static func decoded(_ text: Substring) -> String? {
        percentDecoded(Substring(text.replacing("+", with: " ")))
    }
}
