// SPDX-License-Identifier: Apache-2.0

import SlipwayWire
import Testing

@Suite("Requests for vectors, ranks and tokens are read")
struct OpenAIInputRequestTests {
    private func read<R>(_ json: String, _ decode: (UnsafeRawBufferPointer) throws(WireError) -> R) throws -> R {
        try Array(json.utf8).withUnsafeBytes { try decode($0) }
    }

    @Test("embeddings")
    func embeddings() throws {
        let request = try read(
            #"{"input":["a","b"],"model":"m","encoding_format":"base64","dimensions":8,"user":"u"}"#,
            OpenAIEmbeddingRequest.decode)
        #expect(request.inputs == [.text("a"), .text("b")])
        #expect(request.encodesBase64 && request.dimensions == 8 && request.model == "m" && request.user == "u")
        #expect(try read(#"{"content":"a"}"#, OpenAIEmbeddingRequest.decode).inputs == [.text("a")])
    }

    @Test(
        "embeddings that are wrong",
        arguments: [
            ("{}", "input"), (#"{"input":[]}"#, "input"),
            (#"{"input":"a","encoding_format":"hex"}"#, "encoding_format"),
            (#"{"input":"a","dimensions":0}"#, "dimensions"),
        ])
    func wrongEmbeddings(json: String, param: String) throws {
        let error = try #require(refusal { _ = try read(json, OpenAIEmbeddingRequest.decode) })
        #expect(OpenAIFailure(error).param == param)
    }

    @Test("rerank")
    func rerank() throws {
        let request = try read(
            #"{"query":"q","documents":["a",{"text":"b"}],"top_n":1,"return_documents":true,"model":"m"}"#,
            OpenAIRerankRequest.decode)
        #expect(request.query == "q" && request.documents == ["a", "b"])
        #expect(request.top == 1 && request.returnsDocuments && request.model == "m")
    }

    @Test(
        "rerank that is wrong",
        arguments: [
            (#"{"documents":["a"]}"#, "query"), (#"{"query":"q"}"#, "documents"),
            (#"{"query":"q","documents":[1]}"#, "documents[0]"),
            (#"{"query":"q","documents":[{"image":"x"}]}"#, "documents[0].text"),
            (#"{"query":"q","documents":["a"],"top_n":0}"#, "top_n"),
        ])
    func wrongRerank(json: String, param: String) throws {
        let error = try #require(refusal { _ = try read(json, OpenAIRerankRequest.decode) })
        #expect(OpenAIFailure(error).param == param)
    }

    @Test("best documents come first, equal ones as given, those without a score last")
    func ranking() {
        var request = OpenAIRerankRequest()
        request.documents = ["a", "b", "c", "d"]
        request.returnsDocuments = true
        let ranked = OpenAIRerankReply.ranked([0.5, .nan, 2, 0.5], for: request)
        #expect(ranked.map(\.index) == [2, 0, 3, 1])
        #expect(ranked.first?.document == "c")
        request.top = 2
        #expect(OpenAIRerankReply.ranked([0.5, .nan, 2, 0.5], for: request).map(\.index) == [2, 0])
    }

    @Test("tokenize has the shapes and habits of two servers")
    func tokenize() throws {
        let plain = try read(#"{"content":"a","with_pieces":true}"#, OpenAITokenizeRequest.decode)
        #expect(plain.content == .text("a"))
        #expect(!plain.addsSpecial && plain.parsesSpecial && plain.tellsPieces)
        let prompt = try read(#"{"prompt":"a","model":"m"}"#, OpenAITokenizeRequest.decode)
        #expect(prompt.content == .text("a") && prompt.addsSpecial && prompt.model == "m")
        let chat = try read(#"{"messages":[{"role":"user","content":"a"}]}"#, OpenAITokenizeRequest.decode)
        guard case .chat(let request) = chat.content else { return #expect(Bool(false), "expected a chat") }
        #expect(request.messageCount == 1 && !chat.addsSpecial)
        #expect(refusal { _ = try read("{}", OpenAITokenizeRequest.decode) }?.location == "content")
        let long = String(repeating: "a", count: OpenAITokenizeRequest.longestText)
        #expect(try read(#"{"content":"\#(long)"}"#, OpenAITokenizeRequest.decode).content == .text(long))
        let refused = refusal { _ = try read(#"{"prompt":"\#(long)a"}"#, OpenAITokenizeRequest.decode) }
        #expect(refused?.location == "prompt")
    }

    @Test("detokenize")
    func detokenize() throws {
        #expect(try read(#"{"tokens":[1,0]}"#, OpenAIDetokenizeRequest.decode).tokens == [1, 0])
        #expect(refusal { _ = try read("{}", OpenAIDetokenizeRequest.decode) }?.location == "tokens")
        let many = String(repeating: "1,", count: OpenAIDetokenizeRequest.mostTokens)
        let refused = refusal { _ = try read(#"{"tokens":[\#(many)1]}"#, OpenAIDetokenizeRequest.decode) }
        #expect(refused?.location == "tokens")
        #expect(refusal { _ = try read(#"{"tokens":["a"]}"#, OpenAIDetokenizeRequest.decode) } != nil)
    }
}
