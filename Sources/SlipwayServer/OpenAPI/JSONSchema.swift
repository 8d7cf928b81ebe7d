// SPDX-License-Identifier: Apache-2.0

import SlipwayWire

/// As much of JSON Schema (draft 2020-12) as the bodies of this server need.
package indirect enum JSONSchema: Sendable, Hashable {
    /// Whatever JSON there is.
    case anything
    case string
    /// A string of a format, such as `date-time`.
    case format(String)
    /// A string that a regular expression matches.
    case pattern(String)
    /// One of these strings.
    case words([String])
    /// A whole number from here on.
    case wholeNumber(from: Int?)
    case number
    case boolean
    case null
    case list(JSONSchema)
    case object([Member])
    /// An object whose members have any names.
    case map(JSONSchema)
    /// A schema of ``SchemaCatalogue``.
    case named(String)
    case anyOf([JSONSchema])

    package struct Member: Sendable, Hashable {
        package let name: String
        package let schema: JSONSchema
        package let isRequired: Bool

        /// The same member, which may as well be null.
        var orNull: Member { Member(name: name, schema: .anyOf([schema, .null]), isRequired: isRequired) }
    }

    /// A whole number from 0 on.
    package static let count = JSONSchema.wholeNumber(from: 0)
    package static let integer = JSONSchema.wholeNumber(from: nil)

    /// An object with these members, and perhaps others; a name that ends in `?` may be absent.
    package static func members(_ members: KeyValuePairs<String, JSONSchema>) -> JSONSchema {
        .object(
            members.map { name, schema in
                let isOptional = name.hasSuffix("?")
                return Member(
                    name: isOptional ? String(name.dropLast()) : name, schema: schema, isRequired: !isOptional)
            })
    }

    /// Names of the schemas it refers to directly.
    var references: [String] {
        switch self {
        case .named(let name): [name]
        case .list(let schema), .map(let schema): schema.references
        case .object(let members): members.flatMap(\.schema.references)
        case .anyOf(let schemas): schemas.flatMap(\.references)
        default: []
        }
    }
}

extension JSONSchema {
    /// Writes the schema as a value.
    func write(to json: inout JSONWriter) {
        json.object { writeMembers(to: &$0) }
    }

    private func writeMembers(to json: inout JSONWriter) {
        switch self {
        case .anything: break
        case .string: json.member("type", "string")
        case .format(let format):
            json.member("type", "string")
            json.member("format", format)
        case .pattern(let pattern):
            json.member("type", "string")
            json.member("pattern", pattern)
        case .words(let words): json.member("enum", words)
        case .wholeNumber(let minimum):
            json.member("type", "integer")
            if let minimum { json.member("minimum", minimum) }
        case .number: json.member("type", "number")
        case .boolean: json.member("type", "boolean")
        case .null: json.member("type", "null")
        case .list(let items):
            json.member("type", "array")
            json.key("items")
            items.write(to: &json)
        case .object(let members): Self.write(members, to: &json)
        case .map(let values):
            json.member("type", "object")
            json.key("additionalProperties")
            values.write(to: &json)
        case .named(let name): json.member("$ref", "#/components/schemas/" + name)
        case .anyOf(let schemas): json.member("anyOf", array: { for schema in schemas { schema.write(to: &$0) } })
        }
    }

    private static func write(_ members: [Member], to json: inout JSONWriter) {
        json.member("type", "object")
        let required = members.filter(\.isRequired).map(\.name)
        if !required.isEmpty { json.member("required", required) }
        json.member(
            "properties",
            object: { json in
                for member in members {
                    json.key(member.name)
                    member.schema.write(to: &json)
                }
            })
    }
}
