// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import SlipwaySecurity
import SlipwayWire

/// One call the server answers: how it is found, who may make it, and what documents it.
struct Route: Sendable {
    typealias Handler = @Sendable (HTTPCall) async throws -> HTTPReply

    let method: HTTPRequest.Method
    let pattern: RoutePattern
    /// Whose error statuses apply.
    let surface: ErrorTable.Surface
    /// The role asked for where the listener asks for keys; `nil` for calls that anybody may make.
    let role: Role?
    let documentation: Documentation
    let handler: Handler

    /// What OpenAPI tells of a route.
    struct Documentation: Sendable {
        var summary: String
        var tag: String
        var query: [String] = []
        var request: Content = .none
        var reply: Content = .json(nil)
        var status = 200
    }

    enum Content: Sendable, Hashable {
        case none
        /// JSON, of the named type where there is one.
        case json(String?)
        case bytes
        case text
    }

    init(
        _ method: HTTPRequest.Method, _ template: String, on surface: ErrorTable.Surface = .inference,
        role: Role? = nil, _ documentation: Documentation, _ handler: @escaping Handler
    ) {
        self.method = method
        pattern = RoutePattern(template)
        self.surface = surface
        self.role = role
        self.documentation = documentation
        self.handler = handler
    }
}
