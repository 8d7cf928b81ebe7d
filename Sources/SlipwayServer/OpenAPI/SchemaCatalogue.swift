// SPDX-License-Identifier: Apache-2.0

/// Every type that routes name, with its schema: what OpenAPI's components are made from.
package enum SchemaCatalogue {
    private static let schemas: [String: JSONSchema] = {
        let all = [
            common, v2, control, plain, platforms, openAI, openAITexts, admin, adminEndpoints, monitoring,
            monitoringData, monitoringSpecs,
        ].flatMap { Array($0) }
        return Dictionary(all.map { ($0.key, $0.value) }) { first, _ in first }
    }()

    /// Names of all schemas, for those that check them.
    package static var names: [String] { schemas.keys.sorted() }

    package static func schema(_ name: String) -> JSONSchema? { schemas[name] }

    /// Whether a type named by a route, `ModelDTO` or `[ModelDTO]`, has a schema.
    package static func knows(_ typeName: String) -> Bool { schemas[element(typeName).name] != nil }

    /// The schema of a body of the type named; anything where there is no such type.
    static func body(_ typeName: String) -> JSONSchema {
        let (name, isList) = element(typeName)
        let schema: JSONSchema = schemas[name] == nil ? .anything : .named(name)
        return isList ? .list(schema) : schema
    }

    private static func element(_ typeName: String) -> (name: String, isList: Bool) {
        guard typeName.hasPrefix("["), typeName.hasSuffix("]") else { return (typeName, false) }
        return (String(typeName.dropFirst().dropLast()), true)
    }

    /// The schema of a parameter: numbers where the routes ask for numbers, else text.
    static func parameter(_ name: String, in place: String) -> JSONSchema {
        switch (name, place) {
        case ("version", "path"): .pattern("^[0-9]+$")
        case ("keep", "query"), ("wait", "query"), ("limit", "query"), ("offset", "query"): .count
        case ("labelled", "query"): .boolean
        case ("at", "query"), ("from", "query"), ("until", "query"): .format("date-time")
        default: .string
        }
    }

    static let common: KeyValuePairs<String, JSONSchema> = [
        "Error": .members(["error": .string]),
        "ErrorDTO": .members(["error": .string, "code": .string, "category": .string]),
        "Alive": .members(["status": .words(["alive"])]),
        "OpenAPI": .members(["openapi": .string, "info": .anything, "paths": .map(.anything)]),
    ]
}
