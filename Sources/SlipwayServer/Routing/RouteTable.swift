// SPDX-License-Identifier: Apache-2.0

package import HTTPTypes

/// Every route of one listener: what serves, and what OpenAPI is made from.
package struct RouteTable: Sendable {
    package enum Match: Sendable {
        case found(Route, [(name: String, value: Substring)])
        /// The path exists, for these methods.
        case wrongMethod(allowed: [HTTPRequest.Method])
        case none
    }

    package let routes: [Route]
    /// Routes by their number of segments, those with fewer parameters first: `stats` is no model's name.
    private let bySegmentCount: [Int: [Route]]

    package init(_ routes: [Route]) {
        self.routes = routes
        bySegmentCount = Dictionary(grouping: routes, by: \.pattern.segmentCount).mapValues { group in
            group.enumerated().sorted {
                ($0.element.pattern.parameterNames.count, $0.offset)
                    < ($1.element.pattern.parameterNames.count, $1.offset)
            }.map(\.element)
        }
    }

    /// - Parameter path: The request's path without its query, percent-encoded as it came.
    package func match(_ method: HTTPRequest.Method, _ path: Substring) -> Match {
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
