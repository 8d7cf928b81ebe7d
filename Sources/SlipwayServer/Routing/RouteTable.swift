// SPDX-License-Identifier: Apache-2.0

import HTTPTypes

/// Every route of one listener: what serves, and what OpenAPI is made from.
struct RouteTable: Sendable {
    enum Match: Sendable {
        case found(Route, [(name: String, value: Substring)])
        /// The path exists, for these methods.
        case wrongMethod(allowed: [HTTPRequest.Method])
        case none
    }

    let routes: [Route]
    /// Routes by their number of segments, in the order given.
    private let bySegmentCount: [Int: [Route]]

    init(_ routes: [Route]) {
        self.routes = routes
        bySegmentCount = Dictionary(grouping: routes, by: \.pattern.segmentCount)
    }

    /// - Parameter path: The request's path without its query, percent-encoded as it came.
    func match(_ method: HTTPRequest.Method, _ path: Substring) -> Match {
        let segments = path.split(separator: "/")
        var allowed: [HTTPRequest.Method] = []
        for route in bySegmentCount[segments.count] ?? [] {
            guard let parameters = route.pattern.match(segments) else { continue }
            if route.method == method { return .found(route, parameters) }
            allowed.append(route.method)
        }
        return allowed.isEmpty ? .none : .wrongMethod(allowed: allowed)
    }
}
