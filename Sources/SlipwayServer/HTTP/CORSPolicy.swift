// SPDX-License-Identifier: Apache-2.0

package import HTTPTypes

/// Which web pages may call the server from a browser (the Fetch standard's CORS protocol).
///
/// Cookies play no part: callers are known by the `Authorization` header, which a page must set itself.
package struct CORSPolicy: Sendable, Hashable {
    private let origins: Set<String>
    private let allowsAll: Bool

    /// How long a browser may remember what it was allowed.
    static let maximumAge: Duration = .seconds(600)
    /// Longer lists of wanted headers are not answered.
    static let longestRequestedHeaders = 4096

    /// - Parameter allowedOrigins: `https://app.example.com`, `http://localhost:3000`; `*` for every page.
    /// - Throws: ``ServerError`` `badParameter` for anything else.
    package init(allowedOrigins: [String]) throws(ServerError) {
        for origin in allowedOrigins where origin != "*" && !Self.isOrigin(origin) {
            throw ServerError(
                .badParameter,
                "'\(origin)' is no origin: write scheme, host and, where it is not the usual one, port, as in "
                    + "https://app.example.com:8443, or * for every page")
        }
        allowsAll = allowedOrigins.contains("*")
        origins = Set(allowedOrigins)
    }

    /// As browsers send it: lower case, no path.
    private static func isOrigin(_ text: String) -> Bool {
        guard let colon = text.firstRange(of: "://"), ["http", "https"].contains(text[..<colon.lowerBound]) else {
            return false
        }
        let authority = text[colon.upperBound...]
        return !authority.isEmpty
            && authority.utf8.allSatisfy {
                switch $0 {
                case 0x30...0x39, 0x61...0x7A: true
                default: ".-_:[]".utf8.contains($0)
                }
            }
    }

    package func allows(_ origin: String) -> Bool { allowsAll || origins.contains(origin) }

    /// Adds what lets a page read the answer.
    package func apply(to headers: inout HTTPFields, origin: String?) {
        if !allowsAll { headers.addVary("origin") }
        guard let origin, allows(origin) else { return }
        headers[.accessControlAllowOrigin] = allowsAll ? "*" : origin
        headers[.accessControlExposeHeaders] = Self.exposed
    }

    /// Adds what a browser asks for before it makes a call.
    ///
    /// - Parameters:
    ///   - request: The headers of the `OPTIONS` request.
    ///   - methods: What the path answers to.
    package func applyPreflight(to headers: inout HTTPFields, request: HTTPFields, methods: String) {
        apply(to: &headers, origin: request[.origin])
        headers.addVary("access-control-request-method")
        headers.addVary("access-control-request-headers")
        guard headers[.accessControlAllowOrigin] != nil, request[.accessControlRequestMethod] != nil else { return }
        headers[.accessControlExposeHeaders] = nil
        headers[.accessControlAllowMethods] = methods
        headers[.accessControlMaxAge] = String(Self.maximumAge.components.seconds)
        let wanted = request[.accessControlRequestHeaders]
        if let wanted, wanted.utf8.count <= Self.longestRequestedHeaders {
            headers[.accessControlAllowHeaders] = wanted
        }
    }

    /// The headers of answers that mean something to callers.
    private static let exposed =
        "inference-header-content-length, retry-after, server-timing, traceparent, x-request-id"
}

extension HTTPFields {
    /// Adds a header's name to what the answer depends on.
    mutating func addVary(_ name: String) {
        self[.vary] = self[.vary].map { $0 + ", " + name } ?? name
    }
}
