// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import HTTPTypes
import SlipwayCore
import SlipwayServer
import Testing

@Suite("OpenAPI description")
struct OpenAPIDocumentTests {
    /// As much of the document as the tests look at.
    private struct Document: Decodable {
        struct Info: Decodable { let title: String, version: String }
        struct Parameter: Decodable {
            let name: String
            let place: String
            let required: Bool
            enum CodingKeys: String, CodingKey { case name, place = "in", required }
        }
        struct Operation: Decodable {
            struct Reply: Decodable { let description: String }
            let summary: String
            let tags: [String]
            let parameters: [Parameter]?
            let responses: [String: Reply]
        }
        let openapi: String
        let info: Info
        let paths: [String: [String: Operation]]
    }

    private static let routes: [Route] = [
        Route(.get, "/v2", Route.Documentation(summary: "Server \"metadata\".", tag: "V2")) { _ in .empty },
        Route(.get, "/v2/models/{model}", Route.Documentation(summary: "Metadata.", tag: "V2")) { _ in .empty },
        Route(
            .put, "/v2/models/{model}",
            Route.Documentation(
                summary: "Change.", tag: "V2", query: ["at"], request: .json("Change"), reply: .none, status: 204)
        ) { _ in .empty },
        Route(
            .post, "/v1/models/{model}:predict",
            Route.Documentation(summary: "Predict.", tag: "Plain", request: .bytes, reply: .text)
        ) { _ in .empty },
    ]

    private func decoded(_ routes: [Route]) throws -> Document {
        let bytes = OpenAPIDocument(title: "T", version: "1.2", routes: routes).encode()
        return try JSONDecoder().decode(Document.self, from: Data(bytes))
    }

    @Test("is JSON with every route once, under its path and method")
    func complete() throws {
        let document = try decoded(Self.routes)
        #expect(document.openapi == "3.1.0")
        #expect(document.info.title == "T")
        #expect(document.info.version == "1.2")
        let described = document.paths.flatMap { path, operations in operations.keys.map { "\($0) \(path)" } }
        #expect(
            described.sorted() == [
                "get /v2", "get /v2/models/{model}", "post /v1/models/{model}:predict", "put /v2/models/{model}",
            ])
        #expect(document.paths["/v2"]?["get"]?.summary == "Server \"metadata\".")
    }

    @Test("a path occurs once in the text, however many methods it has")
    func uniquePaths() {
        let bytes = OpenAPIDocument(title: "T", version: "1", routes: Self.routes).encode()
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.split(separator: "\"/v2/models/{model}\":").count == 2)
    }

    @Test("parameters of path and query are told, those of the path as required")
    func parameters() throws {
        let operation = try #require(try decoded(Self.routes).paths["/v2/models/{model}"]?["put"])
        #expect(operation.parameters?.map(\.name) == ["model", "at"])
        #expect(operation.parameters?.map(\.place) == ["path", "query"])
        #expect(operation.parameters?.map(\.required) == [true, false])
        #expect(operation.responses.keys.contains("204"))
        #expect(!operation.responses.keys.contains("default"))
    }

    @Test("every status a route may answer is told, those of success once")
    func statuses() throws {
        let documentation = Route.Documentation(summary: "S.", tag: "T", request: .bytes).failing(409, 200)
        let route = Route(.post, "/x", documentation) { _ in .empty }
        let operation = try #require(try decoded([route]).paths["/x"]?["post"])
        #expect(Set(["200", "400", "409", "413", "500", "503"]).isSubset(of: operation.responses.keys))
        #expect(operation.responses["200"]?.description == "Success.")
        #expect(!operation.responses.keys.contains("401"))
    }

    @Test("bodies of one media type become one schema, and every schema referred to is there")
    func schemas() throws {
        let documentation = Route.Documentation(
            summary: "S.", tag: "T", request: .oneOf([.json("InferenceRequest"), .json("[ModelDTO]"), .bytes]),
            reply: .media("text/csv", nil))
        let bytes = OpenAPIDocument(
            title: "T", version: "1", routes: [Route(.post, "/x", documentation) { _ in .empty }]
        ).encode()
        let text = String(decoding: bytes, as: UTF8.self)
        for part in text.split(separator: "#/components/schemas/").dropFirst() {
            let name = part.prefix { $0 != "\"" }
            #expect(text.contains("\"\(name)\":{"), "\(name)")
        }
        #expect(text.contains(##""anyOf":[{"$ref":"#/components/schemas/InferenceRequest"},{"type":"array""##))
        #expect(text.contains(#""VersionDTO":{"type":"object""#))
    }

    @Test("no routes make a description, too")
    func empty() throws {
        #expect(try decoded([]).paths.isEmpty)
    }
}
