// SPDX-License-Identifier: Apache-2.0

/// The answer of V2's `generate`, and the events of `generate_stream`.
package struct GenerateReply: Sendable, Hashable {
    package var id: String?
    package var model: String
    package var version: String

    package init(id: String?, model: String, version: String) {
        self.id = id
        self.model = model
        self.version = version
    }

    /// - Parameter finish: Why the text ended, if it has.
    package func encode(_ text: String, finish: OpenAIFinish? = nil) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            if let id { json.member("id", id) }
            json.member("model_name", model)
            json.member("model_version", version)
            json.member("text_output", text)
            if let finish { json.member("finish_reason", finish.rawValue) }
        }
        return json.bytes
    }

    /// One piece of a streamed text.
    package func event(_ text: String, finish: OpenAIFinish? = nil) -> [UInt8] {
        OpenAIEvents.event(encode(text, finish: finish))
    }
}
