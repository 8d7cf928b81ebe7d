// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import SlipwayServer
import Testing

@Suite("Cross-origin calls")
struct CORSPolicyTests {
    private let page = "https://app.example.com"

    private func headers(_ policy: CORSPolicy, origin: String?) -> HTTPFields {
        var headers = HTTPFields()
        policy.apply(to: &headers, origin: origin)
        return headers
    }

    @Test("a page that is named may read answers, and caches keep them apart")
    func named() throws {
        let policy = try CORSPolicy(allowedOrigins: [page, "http://localhost:3000"])
        let allowed = headers(policy, origin: page)
        #expect(allowed[.accessControlAllowOrigin] == page && allowed[.vary] == "origin")
        #expect(allowed[.accessControlExposeHeaders]?.contains("x-request-id") == true)
        for origin in ["https://evil.example.com", "null", "https://app.example.com.evil.example", page + ":444", ""] {
            let refused = headers(policy, origin: origin)
            #expect(refused[.accessControlAllowOrigin] == nil && refused[.vary] == "origin")
        }
    }

    @Test("every page may, where every page is allowed")
    func every() throws {
        let policy = try CORSPolicy(allowedOrigins: ["*"])
        #expect(headers(policy, origin: "null")[.accessControlAllowOrigin] == "*")
        #expect(headers(policy, origin: nil).isEmpty)
    }

    @Test("what the answer depended on before is kept")
    func vary() throws {
        var headers = HTTPFields()
        headers[.vary] = "accept-encoding"
        try CORSPolicy(allowedOrigins: [page]).apply(to: &headers, origin: page)
        #expect(headers[.vary] == "accept-encoding, origin")
    }

    @Test("a preflight is told the path's methods and the headers it asked for")
    func preflight() throws {
        let policy = try CORSPolicy(allowedOrigins: [page])
        var request = HTTPFields()
        request[.origin] = page
        request[.accessControlRequestMethod] = "POST"
        request[.accessControlRequestHeaders] = "authorization,content-type"
        var answer = HTTPFields()
        policy.applyPreflight(to: &answer, request: request, methods: "GET, POST")
        #expect(answer[.accessControlAllowOrigin] == page && answer[.accessControlAllowMethods] == "GET, POST")
        #expect(answer[.accessControlAllowHeaders] == "authorization,content-type")
        #expect(answer[.accessControlMaxAge] == "600")
        request[.accessControlRequestHeaders] = String(repeating: "x", count: 5000)
        answer = HTTPFields()
        policy.applyPreflight(to: &answer, request: request, methods: "GET")
        #expect(answer[.accessControlAllowHeaders] == nil)
    }

    @Test("a preflight from elsewhere is told nothing")
    func foreignPreflight() throws {
        var request = HTTPFields()
        request[.origin] = "https://evil.example.com"
        request[.accessControlRequestMethod] = "POST"
        var answer = HTTPFields()
        try CORSPolicy(allowedOrigins: [page]).applyPreflight(to: &answer, request: request, methods: "POST")
        #expect(answer.map(\.name) == [.vary])
    }

    @Test(
        "what is no origin is refused with how to write one",
        arguments: [
            "", "example.com", "https://", "https://a/", "https://a/b", "ftp://a", "HTTPS://a", "https://A", "null",
            "https://*.example.com", "https://a b", "https://u@a",
        ])
    func badOrigin(origin: String) {
        let error = #expect(throws: ServerError.self) { try CORSPolicy(allowedOrigins: [origin]) }
        #expect(error?.code == .badParameter && error?.message.contains("https://app.example.com:8443") == true)
    }
}
