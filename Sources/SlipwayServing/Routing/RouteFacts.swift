// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// What of a request decides its route; looked up only where a rule or a sticky key asks for it.
package struct RouteFacts: Sendable {
    /// The API key, or else the network address.
    package let client: String
    /// What a conversation began with; `nil` for requests that are none.
    package let conversation: String?
    private let find: @Sendable (String) -> String?

    /// - Parameter header: The value of the header of this name in lower case; several values of one name joined as
    ///   HTTP has it, those of `cookie` with `; `.
    package init(client: String, conversation: String? = nil, header: @escaping @Sendable (String) -> String?) {
        self.client = client
        self.conversation = conversation
        find = header
    }

    package func header(_ name: String) -> String? { find(name) }

    /// The value of the first cookie of this name (RFC 6265, section 4.2); names are told apart by case.
    package func cookie(_ name: String) -> String? {
        guard let header = find("cookie") else { return nil }
        var rest = header.utf8[...]
        while !rest.isEmpty {
            let end = rest.firstIndex(of: UInt8(ascii: ";")) ?? rest.endIndex
            let pair = rest[..<end].drop(while: Self.isSpace)
            rest = rest[end...].dropFirst()
            guard let equals = pair.firstIndex(of: UInt8(ascii: "=")), pair[..<equals].elementsEqual(name.utf8)
            else { continue }
            var value = pair[pair.index(after: equals)...]
            while let last = value.last, Self.isSpace(last) { value.removeLast() }
            return String(Substring(value))
        }
        return nil
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
}

/// Where one request goes.
package struct RouteDecision: Sendable, Hashable {
    package let version: VersionID
    /// `primary`, `canary` or `rule`.
    package let kind: RouteKind
    /// Who gets a copy; never the version that answers.
    package let shadows: [Shadow]

    package init(version: VersionID, kind: RouteKind, shadows: [Shadow]) {
        self.version = version
        self.kind = kind
        self.shadows = shadows
    }
}
