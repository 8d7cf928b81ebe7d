// SPDX-License-Identifier: Apache-2.0

package import HTTPTypes
package import SlipwaySecurity
package import SlipwayWire

/// One call the server answers: how it is found, who may make it, and what documents it.
package struct Route: Sendable {
    package typealias Handler = @Sendable (HTTPCall) async throws -> HTTPReply

    package let method: HTTPRequest.Method
    package let pattern: RoutePattern
    /// Whose error statuses apply.
    package let surface: ErrorTable.Surface
    /// The role asked for where the listener asks for keys; `nil` for calls that anybody may make.
    package let role: Role?
    package let documentation: Documentation
    let handler: Handler

    /// What OpenAPI tells of a route.
    package struct Documentation: Sendable {
        package let summary: String
        package let tag: String
        package let query: [String]
        package let request: Content
        package let reply: Content
        package let status: Int

        package init(
            summary: String, tag: String, query: [String] = [], request: Content = .none, reply: Content = .json(nil),
            status: Int = 200
        ) {
            self.summary = summary
            self.tag = tag
            self.query = query
            self.request = request
            self.reply = reply
            self.status = status
        }
    }

    package enum Content: Sendable, Hashable {
        case none
        /// JSON, of the named type where there is one.
        case json(String?)
        case bytes
        case text
    }

    package init(
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
