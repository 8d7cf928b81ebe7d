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
        package private(set) var request: Content
        package private(set) var reply: Content
        package let status: Int
        /// Statuses of failures besides those of every route of its kind.
        package private(set) var failures: [Int] = []
        /// What the body of a failure holds; `nil` for what the surface has.
        package private(set) var failureBody: Content?

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

        /// The same with statuses that only this route answers, and a body of failures of its own.
        package func failing(_ statuses: Int..., body: Content? = nil) -> Documentation {
            var copy = self
            copy.failures += statuses
            copy.failureBody = body ?? failureBody
            return copy
        }

        /// The same with another form of request, and another of reply.
        package func taking(_ request: Content, _ reply: Content) -> Documentation {
            var copy = self
            copy.request = .oneOf([self.request, request])
            copy.reply = .oneOf([self.reply, reply])
            return copy
        }
    }

    package enum Content: Sendable, Hashable {
        case none
        /// JSON, of the type of ``SchemaCatalogue`` so named where there is one; `[Name]` for a list of them.
        case json(String?)
        case bytes
        case text
        /// Any other media type, with the named type where its text is JSON.
        case media(String, String?)
        /// One of several.
        indirect case oneOf([Content])
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

    /// The same route, answered by what `wrap` makes of its handler.
    package func wrapped(_ wrap: (@escaping Handler) -> Handler) -> Route {
        Route(self, documentation, wrap(handler))
    }

    /// The same route with another documentation.
    package func documented(_ change: (Documentation) -> Documentation) -> Route {
        Route(self, change(documentation), handler)
    }

    private init(_ route: Route, _ documentation: Documentation, _ handler: @escaping Handler) {
        method = route.method
        pattern = route.pattern
        surface = route.surface
        role = route.role
        self.documentation = documentation
        self.handler = handler
    }
}
