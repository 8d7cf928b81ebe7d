// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1
import SlipwayClient
import SlipwayCore
import Synchronization
import Testing

@Suite("Talking with language models")
struct ChatClientTests {
    @Test(
        "events are the same however their bytes come, with any line ends and comments between",
        arguments: [1, 2, 3, 7, 100])
    func events(pieceLength: Int) throws {
        let text = ": ping\n\ndata: one\n\nevent: x\r\ndata:two\r\ndata: lines\r\n\r\nid: 3\n\ndata\n\ndata: é\r\r"
        var reader = EventStreamReader()
        var events: [String] = []
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            for event in try reader.read(rest.prefix(pieceLength)) {
                events.append(String(decoding: event, as: UTF8.self))
            }
            rest = rest.dropFirst(pieceLength)
        }
        #expect(events == ["one", "two\nlines", "", "é"])
    }

    @Test("an event without end is refused")
    func endless() {
        var reader = EventStreamReader()
        #expect(throws: ClientError.self) {
            _ = try reader.read(Array(repeating: UInt8(ascii: "x"), count: EventStreamReader.largestEvent + 1))
        }
    }

    @Test("a question is written as OpenAI's servers read it")
    func question() {
        let question = ChatQuestion(
            model: "m", messages: [ChatMessage(.system, "s\""), ChatMessage(.user, "u")], temperature: 0.5,
            maximumTokens: 9)
        #expect(
            String(decoding: question.encode(), as: UTF8.self)
                == #"{"model":"m","stream":true,"stream_options":{"include_usage":true},"temperature":0.5,"#
                + #""max_completion_tokens":9,"messages":[{"role":"system","content":"s\""},"#
                + #"{"role":"user","content":"u"}]}"#)
    }

    @Test("an answer grows by its events")
    func answer() throws {
        var answer = ChatAnswer()
        let events = [
            #"{"choices":[{"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":null}"#,
            #"{"choices":[{"delta":{"reasoning_content":"why"}}]}"#, #"{"choices":[{"delta":{"content":"so"}}]}"#,
            #"{"choices":[{"delta":{},"finish_reason":"length"}]}"#,
            #"{"choices":[],"usage":{"prompt_tokens":4,"completion_tokens":2}}"#,
        ]
        let pieces = try events.flatMap { try answer.read(Array($0.utf8)) }
        #expect(pieces == [.reasoning("why"), .content("so")])
        #expect(answer.content == "so" && answer.reasoning == "why" && answer.finishReason == "length")
        #expect(answer.promptTokens == 4 && answer.completionTokens == 2)
        #expect(throws: ClientError.self) { try answer.read(Array(#"{"error":{"message":"full"}}"#.utf8)) }
        #expect(throws: ClientError.self) { try answer.read(Array("no JSON".utf8)) }
    }

    @Test(
        "a failure within a stream is of the kind that the server names",
        arguments: [
            (#"{"message":"m","type":"invalid_request_error","code":"context_length_exceeded"}"#, .invalidInput),
            (#"{"message":"m","type":"timeout_error","code":null}"#, .deadlineExceeded),
            (#"{"message":"m","code":503}"#, .unavailable), (#"{"message":"m","type":"else","code":"x"}"#, .internal),
            (#""m""#, .internal),
        ] as [(String, ErrorCategory)])
    func failures(error: String, category: ErrorCategory) {
        var answer = ChatAnswer()
        let told = #expect(throws: ClientError.self) { try answer.read(Array("{\"error\":\(error)}".utf8)) }
        #expect(told?.category == category && told?.message == "m")
    }

    @Test("a stream without its last mark is whole where the answer has its end", arguments: [true, false])
    func unmarked(isWhole: Bool) async throws {
        let respond: @Sendable (StubRequest) -> StubReply = { _ in
            let end = isWhole ? #","finish_reason":"stop""# : ""
            let body = #"data: {"choices":[{"delta":{"content":"hi"}\#(end)}]}"# + "\n\n"
            return StubReply(headers: ["content-type": "text/event-stream"], body: Array(body.utf8), manner: .chunked)
        }
        try await StubServer.run(respond) { server in
            let client = ChatClient(server: server.address)
            let question = ChatQuestion(model: "m", messages: [ChatMessage(.user, "?")])
            guard isWhole else {
                await #expect(throws: ClientError.self) { _ = try await client.ask(question) { _ in } }
                return
            }
            let answer = try await client.ask(question) { _ in }
            #expect(answer.content == "hi")
        }
    }

    @Test("reads an answer piece by piece, and tells a refusal in the server's words")
    func server() async throws {
        let respond: @Sendable (StubRequest) -> StubReply = { request in
            guard request.text.contains(#""model":"m""#) else {
                return .json(#"{"error":{"message":"unknown model","code":"model_not_found"}}"#, status: 404)
            }
            let body = "data: {\"choices\":[{\"delta\":{\"content\":\"hi\"}}]}\n\ndata: [DONE]\n\n"
            return StubReply(headers: ["content-type": "text/event-stream"], body: Array(body.utf8), manner: .chunked)
        }
        try await StubServer.run(respond) { server in
            let client = ChatClient(server: server.address, token: "k")
            let told = Mutex<[ChatAnswer.Piece]>([])
            let question = ChatQuestion(model: "m", messages: [ChatMessage(.user, "?")])
            let answer = try await client.ask(question) { piece in told.withLock { $0.append(piece) } }
            #expect(answer.content == "hi" && told.withLock { $0 } == [.content("hi")])
            let error = await #expect(throws: ClientError.self) {
                _ = try await client.ask(ChatQuestion(model: "x", messages: [])) { _ in }
            }
            #expect(error?.code == .refused && error?.category == .notFound && error?.message == "unknown model")
        }
    }
}
