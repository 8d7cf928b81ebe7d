// SPDX-License-Identifier: Apache-2.0

/// One call of the admin API: what client and server agree on.
package struct AdminRoute: Sendable, Hashable {
    package enum Method: String, Sendable, Hashable { case get = "GET", post = "POST", put = "PUT", delete = "DELETE" }

    /// What a body holds.
    package enum Body: Sendable, Hashable {
        case none
        /// JSON of the DTO so named.
        case json(String)
        /// `application/octet-stream`.
        case bytes
        /// `text/event-stream` whose data are JSON of the DTO so named.
        case events(String)
    }

    /// Who may call it once a token exists; each includes the ones before.
    package enum Access: String, Sendable, Hashable { case viewer, `operator`, admin }

    package let method: Method
    /// The path with its parameters in braces: `/api/v1/models/{model}`.
    package let template: String
    /// Names of the query parameters it knows; all are optional unless the summary says otherwise.
    package let query: [String]
    package let request: Body
    package let reply: Body
    /// The status of success.
    package let status: Int
    package let access: Access
    package let summary: String

    init(
        _ method: Method, _ template: String, query: [String] = [], _ bodies: (request: Body, reply: Body),
        _ access: (status: Int, role: Access), _ summary: String
    ) {
        self.method = method
        self.template = AdminRoutes.prefix + template
        self.query = query
        request = bodies.request
        reply = bodies.reply
        status = access.status
        self.access = access.role
        self.summary = summary
    }

    /// The path with its parameters filled in, each percent-encoded as one segment, and the query.
    ///
    /// Parameters without a value stay as they are; query items keep the order given.
    package func path(_ values: [String: String] = [:], query items: [(name: String, value: String)] = []) -> String {
        let segments = template.split(separator: "/", omittingEmptySubsequences: false).map { segment -> String in
            guard segment.hasPrefix("{"), segment.hasSuffix("}"),
                let value = values[String(segment.dropFirst().dropLast())]
            else { return String(segment) }
            return Self.percentEncoded(value)
        }
        let path = segments.joined(separator: "/")
        guard !items.isEmpty else { return path }
        let pairs = items.map { "\(Self.percentEncoded($0.name))=\(Self.percentEncoded($0.value))" }
        return path + "?" + pairs.joined(separator: "&")
    }

    /// Everything but the unreserved characters of RFC 3986 as `%XX`.
    package static func percentEncoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".unicodeScalars)
        var result = String.UnicodeScalarView()
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E:
                result.append(Unicode.Scalar(byte))
            default:
                result.append("%")
                result.append(digits[Int(byte >> 4)])
                result.append(digits[Int(byte & 15)])
            }
        }
        return String(result)
    }
}
