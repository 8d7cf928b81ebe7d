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
            }
            json.object("paths") { json in
                for (template, operations) in byTemplate {
                    json.object(template) { json in
                        for route in operations {
                            json.object(route.method.rawValue.lowercased()) { write(route, to: &$0) }
                        }
                    }
                }
            }
            json.object("components") { json in
                json.object("schemas") { json in
                    json.object("Error") { json in
                        json.member("type", "object")
                        json.member("required", ["error"])
                        json.object("properties") { $0.object("error") { $0.member("type", "string") } }
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

    private func write(_ route: Route, to json: inout JSONWriter) {
        let documentation = route.documentation
        json.member("summary", documentation.summary)
        json.member("tags", [documentation.tag])
        let parameters = route.pattern.parameterNames.map { ($0, "path") } + documentation.query.map { ($0, "query") }
        if !parameters.isEmpty {
            json.member(
                "parameters",
                array: { json in
                    for (name, place) in parameters {
                        json.object { json in
                            json.member("name", name)
                            json.member("in", place)
                            json.member("required", place == "path")
                            json.object("schema") { $0.member("type", "string") }
                        }
                    }
                })
        }
        if documentation.request != .none {
            json.object("requestBody") { json in
                json.object("content") { Self.write(documentation.request, to: &$0) }
            }
        }
        json.object("responses") { json in
            json.object(String(documentation.status)) { json in
                json.member("description", "Success.")
                if documentation.reply != .none {
                    json.object("content") { Self.write(documentation.reply, to: &$0) }
                }
            }
            json.object("default") { json in
                json.member("description", "An error, with a sentence that says what went wrong and how to remedy it.")
                json.object("content") { json in
                    json.object("application/json") { json in
                        json.object("schema") { $0.member("$ref", "#/components/schemas/Error") }
                    }
                }
            }
        }
    }

    private static func write(_ content: Route.Content, to json: inout JSONWriter) {
        let (type, title): (String, String?) =
            switch content {
            case .none, .bytes: ("application/octet-stream", nil)
            case .json(let name): ("application/json", name)
            case .text: ("text/plain", nil)
            }
        json.object(type) { json in
            json.object("schema") { json in
                if let title { json.member("title", title) }
            }
        }
    }
}

extension JSONWriter {
    /// A member whose value is an object.
    fileprivate mutating func object(_ name: String, _ members: (inout JSONWriter) -> Void) {
        member(name, object: members)
    }
}
