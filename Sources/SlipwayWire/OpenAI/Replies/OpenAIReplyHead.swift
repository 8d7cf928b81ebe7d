// SPDX-License-Identifier: Apache-2.0

/// What every object of one answer begins with, all chunks of a stream alike.
package struct OpenAIReplyHead: Sendable, Hashable {
    package var id: String
    /// Seconds since 1970.
    package var created: Int64
    package var model: String
    /// Tells answers of one set of weights from another's.
    package var fingerprint: String?

    package init(id: String, created: Int64, model: String, fingerprint: String? = nil) {
        self.id = id
        self.created = created
        self.model = model
        self.fingerprint = fingerprint
    }

    func write(object: String, to json: inout JSONWriter) {
        json.member("id", id)
        json.member("object", object)
        json.member("created", created)
        json.member("model", model)
        if let fingerprint { json.member("system_fingerprint", fingerprint) }
    }
}

/// Why an answer ended.
package enum OpenAIFinish: String, Sendable, Hashable, CaseIterable {
    case stop, length
    case toolCalls = "tool_calls"
    case contentFilter = "content_filter"
}

/// The tokens that a request took.
package struct OpenAIUsage: Sendable, Hashable {
    package var promptTokens: Int
    /// Of all choices.
    package var completionTokens: Int
    /// Of the prompt's tokens, those that had been computed before.
    package var cachedTokens: Int
    /// Of the completion's tokens, those that were thoughts.
    package var reasoningTokens: Int

    package init(promptTokens: Int, completionTokens: Int, cachedTokens: Int = 0, reasoningTokens: Int = 0) {
        self.promptTokens = promptTokens
        self.completionTokens = completionTokens
        self.cachedTokens = cachedTokens
        self.reasoningTokens = reasoningTokens
    }

    func write(to json: inout JSONWriter) {
        json.member(
            "usage",
            object: { json in
                json.member("prompt_tokens", promptTokens)
                json.member("completion_tokens", completionTokens)
                json.member("total_tokens", promptTokens + completionTokens)
                json.member("prompt_tokens_details", object: { $0.member("cached_tokens", cachedTokens) })
                json.member("completion_tokens_details", object: { $0.member("reasoning_tokens", reasoningTokens) })
            })
    }

    /// For routes that only read.
    static func write(promptTokens: Int, to json: inout JSONWriter) {
        json.member(
            "usage",
            object: { json in
                json.member("prompt_tokens", promptTokens)
                json.member("total_tokens", promptTokens)
            })
    }
}

extension JSONWriter {
    mutating func null() { raw { $0.append(contentsOf: "null".utf8) } }

    mutating func member(null name: String) {
        key(name)
        null()
    }

    /// A number that JSON has: 0 for NaN, the largest for infinities.
    mutating func value(finite number: Float) {
        let largest = Float.greatestFiniteMagnitude
        let finite = number.isNaN ? 0 : min(max(number, -largest), largest)
        raw { bytes in
            withUnsafeTemporaryAllocation(of: UInt8.self, capacity: NumberPrinter.maximumLength) { buffer in
                guard let start = buffer.baseAddress else { return }
                let end = NumberPrinter.write(finite, to: start, .shared)
                bytes.append(contentsOf: UnsafeBufferPointer(start: start, count: end - start))
            }
        }
    }

    mutating func value(_ numbers: [UInt8]) {
        array { for number in numbers { $0.value(number) } }
    }
}
