// SPDX-License-Identifier: Apache-2.0

/// The functions that a chat's request offers.
struct OpenAITools {
    /// A JSON list of tools; empty for none.
    private(set) var json: [UInt8] = []
    private var names: Set<String> = []

    static let most = 1024

    /// Reads `[{"type":"function","function":{"name":...}}]` and writes it anew, with what templates know.
    static func read(_ scanner: inout JSONScanner) throws(WireError) -> OpenAITools {
        try read(&scanner) { (scanner, json) throws(WireError) in try tool(&scanner, &json) }
    }

    /// Reads `[{"name":...}]`, the shape from before there were tools.
    static func read(oldFunctions scanner: inout JSONScanner) throws(WireError) -> OpenAITools {
        try read(&scanner) { (scanner, json) throws(WireError) in
            var name = ""
            try json.object { (json) throws(WireError) in
                json.member("type", "function")
                json.key("function")
                name = try function(&scanner, &json)
            }
            return name
        }
    }

    private static func read(
        _ scanner: inout JSONScanner,
        _ element: (inout JSONScanner, inout JSONWriter) throws(WireError) -> String
    ) throws(WireError) -> OpenAITools {
        var tools = OpenAITools()
        var json = JSONWriter()
        try json.array { (json) throws(WireError) in
            tools.names = Set(
                try scanner.list(most: most) { (scanner) throws(WireError) in try element(&scanner, &json) })
        }
        if !tools.names.isEmpty { tools.json = json.bytes }
        return tools
    }

    /// Reads `"none"`, `"auto"`, `"required"`, `{"type":"function","function":{"name":...}}` or the old `{"name":...}`.
    static func choice(_ scanner: inout JSONScanner) throws(WireError) -> OpenAIToolChoice {
        if scanner.peek() == .quote {
            switch try scanner.string() {
            case "none": return .none
            case "auto": return .auto
            case "required": return .required
            default: throw WireError(.invalidRequest, "expected none, auto, required or a function")
            }
        }
        guard scanner.peek() == .openBrace else { throw scanner.wrongType("a string or an object") }
        var name: String?
        try scanner.members { (scanner, key) throws(WireError) in
            switch key {
            case "type": try expectFunction(&scanner)
            case "name": name = try scanner.text()
            case "function":
                var unused = JSONWriter()
                name = try function(&scanner, &unused)
            default: return false
            }
            return true
        }
        guard let name else { throw WireError(.invalidRequest, "expected the function's name", at: "function") }
        return .function(name)
    }

    /// The choice, checked to be among the tools.
    func checked(_ choice: OpenAIToolChoice?) throws(WireError) -> OpenAIToolChoice {
        switch choice {
        case .required where names.isEmpty:
            throw WireError(.invalidRequest, "expected tools with it, got none", at: "tool_choice")
        case .function(let name) where !names.contains(name):
            throw WireError(.invalidRequest, "expected the name of one of the tools", at: "tool_choice")
        default: return choice ?? .auto
        }
    }

    private static func expectFunction(_ scanner: inout JSONScanner) throws(WireError) {
        guard try scanner.text() == "function" else {
            throw WireError(.invalidRequest, "expected the type function: others are not supported")
        }
    }

    /// - Returns: The function's name.
    private static func tool(_ scanner: inout JSONScanner, _ json: inout JSONWriter) throws(WireError) -> String {
        var name: String?
        var hasType = false
        try json.object { (json) throws(WireError) in
            json.member("type", "function")
            try scanner.members { (scanner, key) throws(WireError) in
                switch key {
                case "type":
                    try expectFunction(&scanner)
                    hasType = true
                case "function":
                    json.key(key)
                    name = try function(&scanner, &json)
                default: return false
                }
                return true
            }
        }
        guard hasType else { throw WireError(.invalidRequest, "expected the type function, got none", at: "type") }
        guard let name else { throw WireError(.invalidRequest, "expected a function, got none", at: "function") }
        return name
    }

    /// Copies `{"name":...,"description":...,"parameters":...}`.
    ///
    /// - Returns: The name.
    private static func function(
        _ scanner: inout JSONScanner, _ json: inout JSONWriter
    ) throws(WireError) -> String {
        var name = ""
        try json.object { (json) throws(WireError) in
            try scanner.members { (scanner, key) throws(WireError) in
                switch key {
                case "name":
                    name = try scanner.text()
                    json.member(key, name)
                case "description":
                    json.key(key)
                    _ = try json.copyText(&scanner)
                case "parameters":
                    let value = try scanner.rawObject()
                    json.key(key)
                    json.raw { $0.append(contentsOf: value) }
                default: return false
                }
                return true
            }
        }
        guard !name.isEmpty else {
            throw WireError(.invalidRequest, "expected the function's name, got none", at: "name")
        }
        return name
    }
}
