// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import SlipwayWire

/// One route as OpenAPI tells it.
struct OpenAPIOperation {
    private let route: Route
    private var documentation: Route.Documentation { route.documentation }

    init(_ route: Route) { self.route = route }

    /// Names of the schemas its bodies have.
    var schemaNames: [String] {
        let failures = RouteFailures.statuses(of: route).flatMap { RouteFailures.body(of: route, status: $0) }
        let bodies = [documentation.request, documentation.reply] + failures
        return bodies.flatMap(\.mediaTypes).flatMap { $0.schema?.references ?? [] }
    }

    func write(to json: inout JSONWriter) {
        json.member("operationId", Self.identifier(route))
        json.member("summary", documentation.summary)
        json.member("tags", [documentation.tag])
        writeParameters(to: &json)
        if documentation.request != .none {
            json.object("requestBody") { json in
                json.object("content") { Self.write([documentation.request], to: &$0) }
            }
        }
        json.object("responses") { json in
            json.object(String(documentation.status)) { json in
                json.member("description", "Success.")
                if documentation.reply != .none {
                    json.object("content") { Self.write([documentation.reply], to: &$0) }
                }
            }
            for status in RouteFailures.statuses(of: route) {
                json.object(String(status)) { json in
                    let phrase = HTTPResponse.Status(code: status).reasonPhrase
                    json.member("description", (phrase.isEmpty ? "Failure" : phrase) + ".")
                    json.object("content") { Self.write(RouteFailures.body(of: route, status: status), to: &$0) }
                }
            }
        }
    }

    /// `get_v2_models_model_versions_version_infer`
    private static func identifier(_ route: Route) -> String {
        let words = route.pattern.template.split { !($0.isLetter || $0.isNumber) }
        return ([route.method.rawValue.lowercased()] + words.map(String.init)).joined(separator: "_")
    }

    private func writeParameters(to json: inout JSONWriter) {
        let parameters = route.pattern.parameterNames.map { ($0, "path") } + documentation.query.map { ($0, "query") }
        guard !parameters.isEmpty else { return }
        json.member(
            "parameters",
            array: { json in
                for (name, place) in parameters {
                    json.object { json in
                        json.member("name", name)
                        json.member("in", place)
                        json.member("required", place == "path")
                        json.key("schema")
                        SchemaCatalogue.parameter(name, in: place).write(to: &json)
                    }
                }
            })
    }

    /// Contents of one media type become one schema that allows each.
    private static func write(_ contents: [Route.Content], to json: inout JSONWriter) {
        var order: [String] = []
        var schemas: [String: [JSONSchema]] = [:]
        for item in contents.flatMap(\.mediaTypes) {
            if schemas[item.type] == nil { order.append(item.type) }
            let known = schemas[item.type] ?? []
            schemas[item.type] = known + (item.schema.map { known.contains($0) ? [] : [$0] } ?? [])
        }
        for type in order {
            let known = schemas[type] ?? []
            json.object(type) { json in
                json.key("schema")
                (known.count == 1 ? known[0] : known.isEmpty ? .anything : .anyOf(known)).write(to: &json)
            }
        }
    }
}

extension Route.Content {
    /// The media types it stands for, each with the schema where it has one.
    var mediaTypes: [(type: String, schema: JSONSchema?)] {
        switch self {
        case .none: []
        case .json(let name): [("application/json", name.map(SchemaCatalogue.body))]
        case .bytes: [("application/octet-stream", nil)]
        case .text: [("text/plain", .string)]
        case .media(let type, let name): [(type, name.map(SchemaCatalogue.body))]
        case .oneOf(let contents): contents.flatMap(\.mediaTypes)
        }
    }

    /// Names of types as they were given, for those that check that all are known.
    package var typeNames: [String] {
        switch self {
        case .json(let name?), .media(_, let name?): [name]
        case .oneOf(let contents): contents.flatMap(\.typeNames)
        default: []
        }
    }
}
