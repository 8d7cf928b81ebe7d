// SPDX-License-Identifier: Apache-2.0

/// What all requests for text have in common.
package struct OpenAIOptions: Sendable, Hashable {
    /// Empty when the request names none.
    package var model = ""
    package var sampling = OpenAISampling()
    /// Tokens of each choice at most; `nil` for no limit but the context's.
    package var maximumTokens: Int?
    /// Answers asked for, 1 to 128.
    package var choices = 1
    /// Texts that end an answer, none empty.
    package var stops: [String] = []
    package var streams = false
    /// Whether a stream tells its usage at the end.
    package var includesUsage = false
    /// `nil` where the server is to decide.
    package var speculates: Bool?
    package var sharesPrefix = true
    /// GBNF.
    package var grammar: String?
    /// The JSON schema of the answer; empty for none.
    package var schema: [UInt8] = []
    /// 0 is the most urgent, 7 the least; `nil` when the request says nothing of it.
    package var urgency: Int?
    package var user: String?
    /// What the caller names its conversation by (`prompt_cache_key`).
    package var conversation: String?

    package init() {}
}

/// Reads the members that all requests for text have in common.
struct OpenAIOptionReader {
    private var options = OpenAIOptions()
    private var completionLimit: Int?
    private var oldLimit: Int?
    private var tierUrgency: Int?

    static let mostChoices = 128
    static let mostStops = 16
    static let longestStop = 4096
    static let longestGrammar = 1 << 20

    /// - Parameter usualLimit: The limit of tokens where the request has none.
    func finished(usualLimit: Int? = nil) throws(WireError) -> OpenAIOptions {
        var options = options
        if let limit = completionLimit ?? oldLimit {
            // -1 is how llama-server's clients ask for no limit.
            options.maximumTokens = limit < 0 ? nil : limit
        } else {
            options.maximumTokens = usualLimit
        }
        options.urgency = options.urgency ?? tierUrgency
        guard options.grammar == nil || options.schema.isEmpty else {
            throw WireError(.invalidRequest, "expected a grammar or a schema of the answer, got both", at: "grammar")
        }
        return options
    }

    /// Reads the value of the member `key`, or returns `false` without reading.
    mutating func read(_ key: String, _ scanner: inout JSONScanner) throws(WireError) -> Bool {
        if try options.sampling.read(key, &scanner) { return true }
        if try readConstraint(key, &scanner) { return true }
        switch key {
        case "model": options.model = try scanner.text()
        case "max_completion_tokens": completionLimit = try limit(&scanner)
        case "max_tokens", "n_predict": oldLimit = try limit(&scanner)
        case "n": options.choices = try scanner.wholeNumber(in: 1...Self.mostChoices)
        case "stop": options.stops = try Self.stops(&scanner)
        case "stream": options.streams = try scanner.flag()
        case "stream_options": options.includesUsage = try Self.includesUsage(&scanner)
        case "cache_prompt": options.sharesPrefix = try scanner.flag()
        case "speculative", "speculation": options.speculates = try scanner.flag()
        case "speculative.n_max":
            if try scanner.wholeNumber(in: 0...Int(Int32.max)) == 0 { options.speculates = false }
        case "user": options.user = try scanner.text()
        case "prompt_cache_key": options.conversation = try scanner.text()
        case "priority": options.urgency = min(max(try scanner.wholeNumber(in: Int.min...Int.max), 0), 7)
        case "service_tier": tierUrgency = Self.urgency(ofTier: try scanner.text())
        default: return false
        }
        return true
    }

    private mutating func readConstraint(_ key: String, _ scanner: inout JSONScanner) throws(WireError) -> Bool {
        switch key {
        case "grammar", "guided_grammar":
            let grammar = try scanner.text()
            guard grammar.utf8.count <= Self.longestGrammar else {
                throw WireError(.invalidRequest, "expected a grammar of at most \(Self.longestGrammar) bytes, got more")
            }
            options.grammar = grammar.isEmpty ? nil : grammar
        case "json_schema", "guided_json":
            options.schema = Array(try scanner.rawObject())
        case "response_format":
            if let schema = try ResponseFormat.schema(&scanner) { options.schema = schema }
        default: return false
        }
        return true
    }

    private func limit(_ scanner: inout JSONScanner) throws(WireError) -> Int {
        try scanner.wholeNumber(in: -1...Int(Int32.max))
    }

    private static func stops(_ scanner: inout JSONScanner) throws(WireError) -> [String] {
        let stops: [String]
        if scanner.peek() == .openBracket {
            stops = try scanner.list(most: mostStops) { (scanner) throws(WireError) in try scanner.text() }
        } else {
            guard scanner.peek() == .quote else { throw scanner.wrongType("a string or a list of strings") }
            stops = [try scanner.string()]
        }
        guard stops.allSatisfy({ $0.utf8.count <= longestStop }) else {
            throw WireError(.invalidRequest, "expected texts of at most \(longestStop) bytes, got a longer one")
        }
        return stops.filter { !$0.isEmpty }
    }

    private static func includesUsage(_ scanner: inout JSONScanner) throws(WireError) -> Bool {
        var includes = false
        try scanner.members { (scanner, key) throws(WireError) in
            guard key == "include_usage" else { return false }
            includes = try scanner.flag()
            return true
        }
        return includes
    }

    /// Tiers that this server has no name for say nothing.
    private static func urgency(ofTier tier: String) -> Int? {
        switch tier {
        case "priority", "fast": 1
        case "flex": 6
        default: nil
        }
    }
}

/// `response_format`
enum ResponseFormat {
    /// The schema that the answer must have; `nil` for any text.
    static func schema(_ scanner: inout JSONScanner) throws(WireError) -> [UInt8]? {
        var type: String?
        var schema: [UInt8]?
        try scanner.members { (scanner, key) throws(WireError) in
            switch key {
            case "type": type = try scanner.text()
            case "schema": schema = Array(try scanner.rawObject())
            case "json_schema":
                try scanner.members { (scanner, key) throws(WireError) in
                    switch key {
                    case "schema": schema = Array(try scanner.rawObject())
                    case "name": _ = try scanner.text()
                    case "strict": _ = try scanner.flag()
                    default: return false
                    }
                    return true
                }
            default: return false
            }
            return true
        }
        switch type {
        case "text": return nil
        case "json_object": return schema ?? Array(#"{"type":"object"}"#.utf8)
        case "json_schema":
            guard let schema else {
                throw WireError(.invalidRequest, "expected a member 'schema'", at: "json_schema")
            }
            return schema
        default:
            throw WireError(.invalidRequest, "expected text, json_object or json_schema", at: "type")
        }
    }
}
