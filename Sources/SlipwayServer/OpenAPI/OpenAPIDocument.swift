// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import SlipwayWire

/// The OpenAPI 3.1 description of a route table: made from the routes that serve, so that it cannot lag behind.
package struct OpenAPIDocument: Sendable {
    let title: String
    let version: String
    let routes: [Route]

    package init(title: String, version: String, routes: [Route]) {
        self.title = title
        self.version = version
        self.routes = routes
    }

    package func encode() -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("openapi", "3.1.0")
            json.object("info") {
                $0.member("title", title)
                $0.member("version", version)
                $0.object("license") {
                    $0.member("name", "Apache-2.0")
                    $0.member("identifier", "Apache-2.0")
                }
            }
            json.object("paths") { json in
                for (template, operations) in byTemplate {
                    json.object(template) { json in
                        for route in operations {
                            json.object(route.method.rawValue.lowercased()) { OpenAPIOperation(route).write(to: &$0) }
                        }
                    }
                }
            }
            json.object("components") { json in
                json.object("schemas") { json in
                    for (name, schema) in schemas {
                        json.key(name)
                        schema.write(to: &json)
                    }
                }
            }
        }
        return json.bytes
    }

    /// Routes grouped by path, in the order in which paths first occur.
    private var byTemplate: [(String, [Route])] {
        var order: [String] = []
        var groups: [String: [Route]] = [:]
        for route in routes {
            if groups[route.pattern.template] == nil { order.append(route.pattern.template) }
            groups[route.pattern.template, default: []].append(route)
        }
        return order.map { ($0, groups[$0] ?? []) }
    }

    /// Every schema that a route needs, with those that these refer to, by name.
    private var schemas: [(String, JSONSchema)] {
        var found: [String: JSONSchema] = [:]
        var open = routes.flatMap { OpenAPIOperation($0).schemaNames }
        while let name = open.popLast() {
            guard found[name] == nil, let schema = SchemaCatalogue.schema(name) else { continue }
            found[name] = schema
            open += schema.references
        }
        return found.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}

extension JSONWriter {
    /// A member whose value is an object.
    mutating func object(_ name: String, _ members: (inout JSONWriter) -> Void) {
        member(name, object: members)
    }
}
