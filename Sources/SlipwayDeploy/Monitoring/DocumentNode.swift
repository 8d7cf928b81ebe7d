// SPDX-License-Identifier: Apache-2.0

/// A value of a YAML or JSON document; maps keep the order in which they are written.
package indirect enum DocumentNode: Sendable, Hashable {
    case text(String)
    case integer(Int)
    case number(Double)
    case bool(Bool)
    case null
    case list([DocumentNode])
    case map([Entry])

    package struct Entry: Sendable, Hashable {
        package let key: String
        package let value: DocumentNode

        package init(key: String, value: DocumentNode) {
            self.key = key
            self.value = value
        }
    }

    /// A map of those entries that have a value.
    package static func object(_ entries: (String, DocumentNode?)...) -> DocumentNode {
        .map(entries.compactMap { key, value in value.map { Entry(key: key, value: $0) } })
    }

    package static func texts(_ values: [String]) -> DocumentNode { .list(values.map { .text($0) }) }
}

extension DocumentNode: ExpressibleByStringLiteral {
    package init(stringLiteral value: String) { self = .text(value) }
}

extension DocumentNode: ExpressibleByIntegerLiteral {
    package init(integerLiteral value: Int) { self = .integer(value) }
}

extension DocumentNode: ExpressibleByBooleanLiteral {
    package init(booleanLiteral value: Bool) { self = .bool(value) }
}

extension DocumentNode: ExpressibleByArrayLiteral {
    package init(arrayLiteral elements: DocumentNode...) { self = .list(elements) }
}
