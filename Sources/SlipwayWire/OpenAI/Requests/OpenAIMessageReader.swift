// SPDX-License-Identifier: Apache-2.0

/// Reads a chat's messages: checks each and writes it anew, with the members and roles that templates know.
struct OpenAIMessageReader {
    private var writer = JSONWriter()
    private(set) var count = 0
    private var hash = ConversationHash()
    private var hasUserMessage = false
    private var hasCalls = false

    static let most = 100_000
    static let mostParts = 4096

    /// The list of messages read.
    var json: [UInt8] { writer.bytes }
    var conversationKey: String { hash.text }

    mutating func read(_ scanner: inout JSONScanner) throws(WireError) {
        guard scanner.peek() == .openBracket else { throw scanner.wrongType("a list of messages") }
        try scanner.beginArray()
        var isFirst = true
        var json = JSONWriter()
        try json.array { (json) throws(WireError) in
            while try scanner.nextElement(isFirst: &isFirst) {
                guard count < Self.most else {
                    throw WireError(.invalidRequest, "expected at most \(Self.most) messages, got more")
                }
                do throws(WireError) {
                    try readMessage(&scanner, &json)
                } catch {
                    throw error.within("[\(count)]")
                }
                count += 1
            }
        }
        writer = json
    }

    /// What a message was found to be.
    private struct Message {
        var role: String?
        /// The offset of its content, and whether it is a list of parts.
        var content: (offset: Int, isParts: Bool)?
        var calls = false
        /// The call of `function_call`, written anew.
        var oldCall: [UInt8] = []
        /// Why an assistant would not answer, as it is written.
        var refusal: UnsafeRawBufferPointer?

        /// Whether it may say nothing: servers answer so, and clients send it back.
        var mayBeEmpty: Bool { role == "assistant" || role == "tool" }
    }

    private mutating func readMessage(
        _ scanner: inout JSONScanner, _ json: inout JSONWriter
    ) throws(WireError) {
        var message = Message()
        try json.object { (json) throws(WireError) in
            try scanner.members { (scanner, key) throws(WireError) in
                try Self.read(key, of: &message, &scanner, &json)
            }
            if message.content == nil, message.mayBeEmpty, !message.calls, message.oldCall.isEmpty {
                json.key("content")
                json.value(written: message.refusal ?? UnsafeRawBufferPointer(start: nil, count: 0))
            }
            guard !message.oldCall.isEmpty, !message.calls else { return }
            message.calls = true
            json.member("tool_calls", array: { $0.raw { $0.append(contentsOf: message.oldCall) } })
        }
        try check(message)
        try fold(message, &scanner)
    }

    private static func read(
        _ key: String, of message: inout Message, _ scanner: inout JSONScanner, _ json: inout JSONWriter
    ) throws(WireError) -> Bool {
        switch key {
        case "role":
            let role = try templateRole(try scanner.text())
            message.role = role
            json.member("role", role)
        case "content":
            json.key(key)
            message.content = try content(&scanner, &json)
        case "tool_calls":
            json.key(key)
            message.calls = try calls(&scanner, &json) > 0
        case "function_call":
            var call = JSONWriter()
            try call.object { (call) throws(WireError) in
                call.member("type", "function")
                call.member("id", "call_0")
                call.key("function")
                try function(&scanner, &call)
            }
            message.oldCall = call.bytes
        case "refusal":
            guard scanner.peek() == .quote else { throw scanner.wrongType("a string") }
            message.refusal = try scanner.stringToken().content
        case "name", "tool_call_id", "reasoning_content":
            json.key(key)
            _ = try json.copyText(&scanner)
        default: return false
        }
        return true
    }

    private mutating func check(_ message: Message) throws(WireError) {
        guard let role = message.role else {
            throw WireError(.invalidRequest, "expected a role, got none", at: "role")
        }
        if message.calls { hasCalls = true }
        guard message.content != nil || message.mayBeEmpty else {
            throw WireError(.invalidRequest, "expected a content, got none", at: "content")
        }
        guard role != "tool" || hasCalls else {
            throw WireError(.invalidRequest, "expected a message with tool_calls before a tool's result", at: "role")
        }
    }

    /// Adds the message to the conversation's key if it is a system message at the beginning or the first of the user.
    private mutating func fold(_ message: Message, _ scanner: inout JSONScanner) throws(WireError) {
        guard !hasUserMessage, let role = message.role, let content = message.content else { return }
        guard role == "system" || role == "user" else { return }
        hasUserMessage = role == "user"
        var hash = hash
        hash.add(role.utf8)
        try scanner.revisit(offset: content.offset) { (scanner) throws(WireError) in
            if content.isParts {
                let parts = try scanner.list(most: Self.mostParts) { (scanner) throws(WireError) in
                    try Self.part(&scanner)
                }
                for part in parts { hash.add(part) }
            } else {
                hash.add(try scanner.stringToken().content)
            }
        }
        hash.endMessage()
        self.hash = hash
    }

    private static func templateRole(_ role: String) throws(WireError) -> String {
        switch role {
        case "system", "user", "assistant", "tool": role
        case "developer": "system"
        case "function": "tool"
        default:
            throw WireError(.invalidRequest, "expected system, developer, user, assistant or tool")
        }
    }
}

extension OpenAIMessageReader {
    /// Copies a content: a text or parts.
    private static func content(
        _ scanner: inout JSONScanner, _ json: inout JSONWriter
    ) throws(WireError) -> (offset: Int, isParts: Bool) {
        let first = scanner.peek()
        let offset = scanner.offset
        if first == .quote {
            _ = try json.copyText(&scanner)
            return (offset, false)
        }
        guard first == .openBracket else { throw scanner.wrongType("a string or a list of parts") }
        let parts = try scanner.list(most: mostParts) { (scanner) throws(WireError) in try part(&scanner) }
        json.array { json in
            for part in parts {
                json.object { json in
                    json.member("type", "text")
                    json.key("text")
                    json.value(written: part)
                }
            }
        }
        return (offset, true)
    }

    /// The text of `{"type":"text","text":...}`, or of a refusal, as it is written, without its quotes.
    private static func part(_ scanner: inout JSONScanner) throws(WireError) -> UnsafeRawBufferPointer {
        var type: String?
        var text: UnsafeRawBufferPointer?
        try scanner.members { (scanner, key) throws(WireError) in
            switch key {
            case "type": type = try scanner.text()
            case "text", "refusal":
                guard scanner.peek() == .quote else { throw scanner.wrongType("a string") }
                text = try scanner.stringToken().content
            default: return false
            }
            return true
        }
        guard type == "text" || type == "refusal" else {
            throw WireError(
                .invalidRequest, "expected a part of type text: images, sound and files are not supported", at: "type")
        }
        guard let text else { throw WireError(.invalidRequest, "expected a text, got none", at: "text") }
        return text
    }

    /// Copies an assistant's calls and counts them.
    private static func calls(_ scanner: inout JSONScanner, _ json: inout JSONWriter) throws(WireError) -> Int {
        var count = 0
        try json.array { (json) throws(WireError) in
            count = try scanner.list(most: mostParts) { (scanner) throws(WireError) in
                try call(&scanner, &json)
            }.count
        }
        return count
    }

    private static func call(_ scanner: inout JSONScanner, _ json: inout JSONWriter) throws(WireError) {
        var hasFunction = false
        try json.object { (json) throws(WireError) in
            json.member("type", "function")
            try scanner.members { (scanner, key) throws(WireError) in
                switch key {
                case "id":
                    json.key(key)
                    _ = try json.copyText(&scanner)
                case "type":
                    guard try scanner.text() == "function" else {
                        throw WireError(.invalidRequest, "expected the type function: others are not supported")
                    }
                case "function":
                    json.key(key)
                    try function(&scanner, &json)
                    hasFunction = true
                default: return false
                }
                return true
            }
        }
        guard hasFunction else {
            throw WireError(.invalidRequest, "expected a function, got none", at: "function")
        }
    }

    /// Copies `{"name":...,"arguments":...}`, whose arguments are JSON as a text or as it is.
    private static func function(_ scanner: inout JSONScanner, _ json: inout JSONWriter) throws(WireError) {
        var hasName = false
        var hasArguments = false
        try json.object { (json) throws(WireError) in
            try scanner.members { (scanner, key) throws(WireError) in
                switch key {
                case "name":
                    json.key(key)
                    hasName = try json.copyText(&scanner) > 0
                case "arguments" where scanner.peek() == .quote:
                    let text = try scanner.stringToken().content
                    guard !text.isEmpty else { break }
                    hasArguments = true
                    json.key(key)
                    json.value(written: text)
                case "arguments":
                    let value = try scanner.rawObject()
                    hasArguments = true
                    json.key(key)
                    json.raw { $0.append(contentsOf: value) }
                default: return false
                }
                return true
            }
            // Templates read them as JSON, which nothing is not.
            if !hasArguments { json.member("arguments", "{}") }
        }
        guard hasName else {
            throw WireError(.invalidRequest, "expected the function's name, got none", at: "name")
        }
    }
}
