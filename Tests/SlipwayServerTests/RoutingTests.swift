// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import SlipwayServer
import Testing

@Suite("Routing")
struct RoutingTests {
    private func match(_ template: String, _ path: String) -> [String: String]? {
        RoutePattern(template).match(path.split(separator: "/"))?.reduce(into: [:]) { $0[$1.name] = String($1.value) }
    }

    @Test(
        "a template gives its parameters",
        arguments: [
            ("/v2", "/v2", [:]), ("/v2/models/{model}", "/v2/models/fraud", ["model": "fraud"]),
            ("/v2/models/{model}/infer", "/v2/models/a.b:c/infer", ["model": "a.b:c"]),
            ("/v2/models/{model}/versions/{version}", "/v2/models/m/versions/3", ["model": "m", "version": "3"]),
            ("/v1/models/{model}:predict", "/v1/models/fraud:predict", ["model": "fraud"]),
            ("/v1/models/{model}:predict", "/v1/models/a:predict:predict", ["model": "a:predict"]),
            ("/v2/models/{model}", "/v2/models/a%2Fb", ["model": "a%2Fb"]),
        ])
    func matches(template: String, path: String, parameters: [String: String]) {
        #expect(match(template, path) == parameters)
    }

    @Test(
        "another path gives none",
        arguments: [
            ("/v2", "/"), ("/v2", "/v2/x"), ("/v2", "/V2"), ("/v2/models/{model}", "/v2/models"),
            ("/v1/models/{model}:predict", "/v1/models/:predict"), ("/v1/models/{model}:predict", "/v1/models/fraud"),
            ("/v1/models/{model}:predict", "/v1/models/fraud:explain"),
        ])
    func others(template: String, path: String) {
        #expect(match(template, path) == nil)
    }

    @Test("tells the names of its parameters in order")
    func names() {
        #expect(RoutePattern("/a/{one}/b/{two}:c").parameterNames == ["one", "two"])
        #expect(RoutePattern("/a/{one}/b/{two}:c").segmentCount == 4)
    }

    private static let table = RouteTable(
        [
            (.get, "/v2/models/{model}"), (.post, "/v2/models/{model}"), (.get, "/v2/models/stats"), (.get, "/v2"),
        ].map { method, template in
            Route(method, template, Route.Documentation(summary: "", tag: "")) { _ in .empty }
        })

    @Test(
        "finds the route of method and path, the literal one first",
        arguments: [
            (.get, "/v2/models/x", "/v2/models/{model}"), (.post, "/v2/models/x", "/v2/models/{model}"),
            (.get, "/v2/models/stats", "/v2/models/stats"), (.post, "/v2/models/stats", "/v2/models/{model}"),
            (.get, "/v2/", "/v2"),
        ] as [(HTTPRequest.Method, String, String)])
    func found(method: HTTPRequest.Method, path: String, template: String) {
        guard case .found(let route, _) = Self.table.match(method, path[...]) else {
            Issue.record("no route")
            return
        }
        #expect(route.pattern.template == template)
        #expect(route.method == method)
    }

    @Test(
        "a path without a route of the method tells the methods it has",
        arguments: [
            (.delete, "/v2/models/x", ["GET", "POST"]), (.post, "/v2", ["GET"]), (.head, "/v2", ["GET"]),
        ] as [(HTTPRequest.Method, String, Set<String>)])
    func wrongMethod(method: HTTPRequest.Method, path: String, allowed: Set<String>) {
        guard case .wrongMethod(let methods) = Self.table.match(method, path[...]) else {
            Issue.record("not told")
            return
        }
        #expect(Set(methods.map(\.rawValue)) == allowed)
    }

    @Test("an unknown path has no route", arguments: ["/", "", "/v3", "/v2/models", "/v2/models/a/b"])
    func none(path: String) {
        guard case .none = Self.table.match(.get, path[...]) else {
            Issue.record("found")
            return
        }
    }
}

@Suite("Percent-encoding")
struct PercentEncodingTests {
    @Test(
        "decodes escapes in either case",
        arguments: [
            ("", ""), ("abc", "abc"), ("a%20b", "a b"), ("%2F", "/"), ("%2f", "/"), ("%C3%A4", "ä"), ("ä", "ä"),
            ("%25", "%"), ("%252F", "%2F"), ("a+b", "a+b"), ("%00", "\0"),
        ])
    func decodes(text: String, expected: String) {
        #expect(percentDecoded(text[...]) == expected)
    }

    @Test(
        "refuses bad escapes and bytes that are not UTF-8",
        arguments: [
            "%", "a%", "%2", "%2G", "%G2", "%%", "% 2", "%-1", "%ä", "%C3", "%FF", "%C0%80", "%ED%A0%80",
        ])
    func refuses(text: String) {
        #expect(percentDecoded(text[...]) == nil)
    }
}

@Suite("Query")
struct QueryTextTests {
    @Test(
        "gives the first value of a name, decoded",
        arguments: [
            ("a=1&b=2", "a", "1"), ("a=1&b=2", "b", "2"), ("a=1&a=2", "a", "1"), ("a", "a", ""), ("a=", "a", ""),
            ("a=b=c", "a", "b=c"), ("a=x+y%2B", "a", "x y+"), ("%61=1", "a", "1"), ("x+y=1", "x y", "1"),
            ("&&a=1&", "a", "1"),
            ("%zz=1&a=2", "a", "2"),
        ])
    func values(text: String, name: String, value: String) {
        #expect(QueryText(text[...])[name] == value)
    }

    @Test("gives none for what is absent or badly escaped", arguments: ["", "b=1", "A=1", "=1", "a=%", "a=%C3"])
    func none(text: String) {
        #expect(QueryText(text[...])["a"] == nil)
    }
}
