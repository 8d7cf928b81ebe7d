// SPDX-License-Identifier: Apache-2.0

import SlipwayTestKit
import SlipwayWire
import Testing

@Suite("Damaged requests for language models are refused without a crash")
struct OpenAIMutationTests {
    private static let chats: [[UInt8]] = [
        joined(
            #"{"model":"m","messages":[{"role":"developer","content":"S"},{"role":"user","content":"#,
            #"[{"type":"text","text":"\u00e9\ud83d\ude00 日本"}]},{"role":"assistant","content":null,"tool_calls":"#,
            #"[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},"#,
            #"{"role":"tool","tool_call_id":"c","content":"1"},{"role":"assistant","function_call":"#,
            #"{"name":"f","arguments":{"a":1}}}],"temperature":0.5,"seed":-9223372036854775808,"n":2}"#),
        joined(
            #"{"messages":[{"role":"user","content":"a"}],"tools":[{"type":"function","function":{"name":"f","#,
            #""parameters":{"type":"object"}}}],"tool_choice":{"type":"function","function":{"name":"f"}},"#,
            #""response_format":{"type":"json_schema","json_schema":{"name":"x","schema":{"a":[1,null]}}},"#,
            #""logit_bias":[[1,false],[2,1.5]],"stop":["a","b"],"stream_options":{"include_usage":true},"#,
            #""chat_template_kwargs":{"enable_thinking":true},"reasoning_effort":"low","max_tokens":1e2}"#),
    ].map { Array($0.utf8) }

    private static let others: [[UInt8]] = [
        #"{"prompt":[[1,2],"a"],"echo":true,"logprobs":5,"best_of":2,"n":2,"suffix":"","logit_bias":{"5":-100}}"#,
        #"{"input":["a",[1]],"encoding_format":"base64","dimensions":8}"#,
        #"{"query":"q","documents":["a",{"text":"b"}],"top_n":1}"#,
        #"{"content":"a","add_special":true,"tokens":[1,2147483647]}"#,
        #"{"text_input":"a","id":"1","parameters":{"max_tokens":5,"top_k":-1},"mirostat":2}"#,
    ].map { Array($0.utf8) }

    @Test("chats: what is taken is JSON that can be read again", arguments: [1, 2, 3] as [UInt64])
    func chats(seed: UInt64) throws {
        try mutate(seeds: Self.chats, iterations: 20_000, seed: seed) { body in
            let request = try body.withUnsafeBytes { try OpenAIChatRequest.decode($0) }
            var again = Array(#"{"messages":"#.utf8) + request.messages
            if !request.tools.isEmpty { again += Array(#","tools":"#.utf8) + request.tools }
            if !request.options.schema.isEmpty { again += Array(#","json_schema":"#.utf8) + request.options.schema }
            if !request.templateArguments.isEmpty {
                again += Array(#","chat_template_kwargs":"#.utf8) + request.templateArguments
            }
            again += Array("}".utf8)
            do {
                let copy = try again.withUnsafeBytes { try OpenAIChatRequest.decode($0) }
                try #require(copy.messages == request.messages && copy.conversationKey == request.conversationKey)
            } catch {
                throw Unreadable(cause: "\(error)")
            }
        }
    }

    /// Not of the house's shape, so that it is no refusal.
    private struct Unreadable: Error {
        let cause: String
    }

    @Test("the other requests", arguments: [1, 2, 3] as [UInt64])
    func others(seed: UInt64) throws {
        let decoders: [(UnsafeRawBufferPointer) throws -> Void] = [
            { _ = try OpenAICompletionRequest.decode($0) }, { _ = try OpenAIEmbeddingRequest.decode($0) },
            { _ = try OpenAIRerankRequest.decode($0) }, { _ = try OpenAITokenizeRequest.decode($0) },
            { _ = try OpenAIDetokenizeRequest.decode($0) }, { _ = try GenerateRequest.decode($0) },
        ]
        for decode in decoders {
            try mutate(seeds: Self.others, iterations: 5_000, seed: seed) { body in
                try body.withUnsafeBytes { try decode($0) }
            }
        }
    }
}
