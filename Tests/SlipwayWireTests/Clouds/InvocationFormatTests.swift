// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayWire
import Testing

@Suite("Forms of clouds' bodies")
struct InvocationFormatTests {
    @Test(
        "are told from the content type",
        arguments: [
            (nil, .json), ("", .json), ("application/json", .json), ("application/jsonlines", .jsonLines),
            ("application/x-ndjson", .jsonLines), ("text/csv; header=present", .csv), ("application/x-npy", .npy),
            ("application/vnd.vertex-ai-triton.binary+json;json-header-size=7", .binary(.vertex, headerLength: "7")),
            ("application/vnd.sagemaker-triton.binary+json", nil), ("application/xml", nil), ("junk", nil),
        ] as [(String?, InvocationFormat?)])
    func request(type: String?, format: InvocationFormat?) {
        #expect(InvocationFormat(contentType: type) == format)
    }

    @Test(
        "of replies are the first accepted that is made here, else the request's own",
        arguments: [
            (nil, .csv), ("*/*", .csv), ("application/json", .json), ("text/html, text/csv", .csv),
            ("application/x-npy", .npy), ("application/json;q=0.1, application/jsonlines", .jsonLines),
            ("text/html", nil), ("application/json;q=0", nil), ("text/*", .csv),
        ] as [(String?, InvocationFormat?)])
    func reply(accept: String?, format: InvocationFormat?) {
        #expect(InvocationFormat.reply(accept: accept, to: .csv) == format)
    }

    private static let outputs: NamedTensors = {
        var outputs = NamedTensors()
        if let y = try? Tensor([1.5, -2, 3, .nan] as [Float], shape: [2, 2]) { outputs.append(y, named: "y") }
        if let label = try? Tensor(["a", "b,\"c\""], shape: [2]) { outputs.append(label, named: "label") }
        return outputs
    }()

    private func encoded(_ outputs: NamedTensors, as format: InvocationFormat) throws -> String {
        let reply = try InvocationEncoder.encode(response(outputs), style: .plain(.rows), as: format)
        return reply.segments.map { $0.withBytes { String(decoding: $0, as: UTF8.self) } }.joined()
    }

    @Test("in CSV have a line for each row, the outputs side by side")
    func csv() throws {
        #expect(try encoded(Self.outputs, as: .csv) == "1.5,-2.0,a\n3.0,NaN,\"b,\"\"c\"\"\"\n")
    }

    @Test("in JSON lines have a value for each row, and no key around them")
    func lines() throws {
        #expect(
            try encoded(Self.outputs, as: .jsonLines)
                == "{\"y\":[1.5,-2.0],\"label\":\"a\"}\n{\"y\":[3.0,NaN],\"label\":\"b,\\\"c\\\"\"}\n")
    }

    @Test("in CSV need outputs of as many rows")
    func unequal() throws {
        let outputs: NamedTensors = [
            "a": try Tensor([1] as [Int64], shape: [1]), "b": try Tensor([1, 2] as [Int64], shape: [2]),
        ]
        #expect(refusal { _ = try encoded(outputs, as: .csv) }?.code == .notEncodable)
    }

    @Test("pages go through all models once")
    func pages() throws {
        let all = (1...5).map { ModelPage.Entry(name: "m\($0)", url: "u") }
        var seen: [String] = []
        var token: String?
        repeat {
            let page = try ModelPage(of: all, limit: 2, token: token)
            seen += page.entries.map(\.name)
            token = page.nextToken
        } while token != nil
        #expect(seen == all.map(\.name))
        #expect(try ModelPage(of: all, limit: 0, token: "9").entries.isEmpty)
        #expect(throws: WireError.self) { try ModelPage(of: all, limit: nil, token: "-1") }
        #expect(throws: WireError.self) { try ModelPage(of: all, limit: nil, token: "x") }
    }
}
