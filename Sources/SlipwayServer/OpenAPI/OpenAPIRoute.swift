// SPDX-License-Identifier: Apache-2.0

import HTTPTypes

/// The route that describes all others, itself among them.
package enum OpenAPIRoute {
    package static let path = "/openapi.json"

    /// `routes` and the description of them all.
    ///
    /// - Parameter answersOptions: Whether `OPTIONS /` gives the description too, as TorchServe does.
    package static func added(
        to routes: [Route], title: String, version: String, answersOptions: Bool = false
    ) -> [Route] {
        let documentation = Route.Documentation(summary: "This description.", tag: "Health", reply: .json("OpenAPI"))
        let places: [(HTTPRequest.Method, String)] = [(.get, path)] + (answersOptions ? [(.options, "/")] : [])
        let described = routes + places.map { Route($0, $1, documentation) { _ in .empty } }
        let document = OpenAPIDocument(title: title, version: version, routes: described).encode()
        return routes + places.map { Route($0, $1, documentation) { _ in .json(document) } }
    }
}
