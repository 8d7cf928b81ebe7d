// SPDX-License-Identifier: Apache-2.0

/// One completion, whole.
package struct OpenAICompletionChoice: Sendable, Hashable {
    package var index: Int
    package var text: String
    package var finish: OpenAIFinish
    /// `nil` when no log probabilities were asked for.
    package var scores: [OpenAITokenScore]?

    package init(index: Int, text: String, finish: OpenAIFinish, scores: [OpenAITokenScore]? = nil) {
        self.index = index
        self.text = text
        self.finish = finish
        self.scores = scores
    }

    func write(to json: inout JSONWriter) {
        var writer = CompletionScores()
        json.object { json in
            json.member("index", index)
            json.member("text", text)
            writer.write(scores, to: &json)
            json.member("finish_reason", finish.rawValue)
        }
    }
}

/// The answer of `POST /v1/completions` that is not streamed.
package enum OpenAICompletionReply {
    package static func encode(
        _ choices: [OpenAICompletionChoice], head: OpenAIReplyHead, usage: OpenAIUsage
    ) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            head.write(object: "text_completion", to: &json)
            json.member("choices", array: { json in for choice in choices { choice.write(to: &json) } })
            usage.write(to: &json)
        }
        return json.bytes
    }
}
