// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// Reads a message by its schema, and tells every field that there is not and every value that does not fit.
struct ConfigReader {
    var problems = FileProblems()
    private let isJSON: Bool

    /// Enough for people; more are not looked for, so that a hostile text costs no more than a sound one.
    private static let maximumProblems = 100

    private init(isJSON: Bool) { self.isJSON = isJSON }

    /// Reads protobuf text.
    ///
    /// - Parameter make: Makes the typed value; adds what it finds wrong.
    /// - Throws: ``ControlError`` `invalidRequest`, one line `file:line: what` for each of the first 20 problems.
    static func read<R>(
        text: [UInt8], file: String, _ schema: ConfigSchema, _ make: (ConfigNode, inout FileProblems) -> R
    ) throws(ControlError) -> R {
        let message: ProtobufTextMessage
        do throws(FormatError) {
            message = try ProtobufTextReader.read(text)
        } catch {
            throw ControlError(
                .invalidRequest, "\(file): \(error.message)" + (error.location.map { " (at \($0))" } ?? ""))
        }
        return try read(message, isJSON: false, file: file, schema, make)
    }

    /// Reads protobuf's JSON.
    ///
    /// - Parameter source: What messages call it.
    static func read<R>(
        json: [UInt8], source: String, _ schema: ConfigSchema, _ make: (ConfigNode, inout FileProblems) -> R
    ) throws(ControlError) -> R {
        let message = try ConfigJSON.read(json, source: source)
        return try read(message, isJSON: true, file: source, schema, make)
    }

    private static func read<R>(
        _ message: ProtobufTextMessage, isJSON: Bool, file: String, _ schema: ConfigSchema,
        _ make: (ConfigNode, inout FileProblems) -> R
    ) throws(ControlError) -> R {
        var reader = ConfigReader(isJSON: isJSON)
        let node = reader.node(message, schema, owner: "the configuration", line: 1)
        if let error = reader.problems.error(file: file) { throw error }
        let result = make(node, &reader.problems)
        if let error = reader.problems.error(file: file) { throw error }
        return result
    }

    // MARK: Messages

    private mutating func node(
        _ message: ProtobufTextMessage, _ schema: ConfigSchema, owner: String, line: Int
    ) -> ConfigNode {
        var node = ConfigNode(line: line)
        var maps: [String: [String: ConfigNode.Value]] = [:]
        for entry in message.fields {
            guard problems.list.count < Self.maximumProblems else { return node }
            guard let field = schema.field(entry.name, isJSON: isJSON) else {
                let hint = NearestWord.hint(entry.name, among: schema.fields.map(\.name))
                problems.add(entry.line, "unknown field '\(entry.name)' in \(owner)\(hint)")
                continue
            }
            guard case .map(let kind) = field.kind else {
                add(value(entry, field.kind, named: field.name), of: field, at: entry.line, to: &node)
                continue
            }
            guard let values = map(entry, kind, named: field.name) else { continue }
            node.lines[field.name] = node.lines[field.name] ?? entry.line
            // A key that comes twice counts as it stands last.
            maps[field.name, default: [:]].merge(values) { _, last in last }
        }
        for (name, values) in maps { node.values[name] = [.map(values)] }
        return node
    }

    private mutating func add(
        _ value: ConfigNode.Value?, of field: ConfigSchema.Field, at line: Int, to node: inout ConfigNode
    ) {
        guard let value else { return }
        if node.values[field.name] != nil, !field.isRepeated {
            return problems.add(line, "'\(field.name)' is given twice")
        }
        node.values[field.name, default: []].append(value)
        node.lines[field.name] = node.lines[field.name] ?? line
    }

    // MARK: Values

    private mutating func value(
        _ entry: ProtobufTextField, _ kind: ConfigSchema.Kind, named name: String
    ) -> ConfigNode.Value? {
        if case .message(let schema) = kind {
            guard case .message(let inner) = entry.value else { return mismatch(entry, name, "a message") }
            return .node(node(inner, schema, owner: "'\(name)'", line: entry.line))
        }
        switch (kind, entry.value) {
        case (.anything, _):
            return .anything
        case (.text, .string(let bytes)):
            guard let text = String(validating: bytes, as: UTF8.self) else {
                return mismatch(entry, name, "UTF-8 text")
            }
            return .text(text)
        case (.flag, .word(let word)):
            let words = ["true": true, "True": true, "t": true, "false": false, "False": false, "f": false]
            return words[word].map { .flag($0) } ?? mismatch(entry, name, "true or false")
        case (.flag, .integer(let number)) where !isJSON && (0...1).contains(number):
            return .flag(number == 1)
        case (.integer, .integer(let number)):
            return .integer(Int(number))
        case (.integer, .string(let digits)) where isJSON:
            // Protobuf's JSON writes 64-bit numbers as texts.
            return Int(String(decoding: digits, as: UTF8.self)).map { .integer($0) }
                ?? mismatch(entry, name, "a whole number")
        case (.number, .integer(let number)):
            return .number(Double(number))
        case (.number, .float(let number)):
            return .number(number)
        case (.word(let words), .word(let word)) where !isJSON:
            return self.word(word, of: words, entry, name)
        case (.word(let words), .string(let bytes)) where isJSON:
            return word(String(decoding: bytes, as: UTF8.self), of: words, entry, name)
        case (.word(let words), .integer(let number)):
            guard let index = Int(exactly: number), words.indices.contains(index) else {
                return mismatch(entry, name, "0 to \(words.count - 1)")
            }
            return .text(words[index])
        default:
            return mismatch(entry, name, Self.expectation(kind))
        }
    }

    private mutating func word(
        _ word: String, of words: [String], _ entry: ProtobufTextField, _ name: String
    ) -> ConfigNode.Value? {
        guard !words.contains(word) else { return .text(word) }
        problems.add(entry.line, "'\(name)' is '\(word.prefix(64))'" + NearestWord.hint(word, among: words))
        return nil
    }

    /// `{ key: "a" value: 1 }` in text, `{"a": 1}` in JSON.
    private mutating func map(
        _ entry: ProtobufTextField, _ kind: ConfigSchema.Kind, named name: String
    ) -> [String: ConfigNode.Value]? {
        guard case .message(let message) = entry.value else {
            _ = mismatch(entry, name, isJSON ? "an object" : "{ key: ... value: ... }")
            return nil
        }
        if isJSON {
            return message.fields.reduce(into: [:]) { $0[$1.name] = value($1, kind, named: "\(name).\($1.name)") }
        }
        let pair = ConfigSchema(.one("key", .text), .one("value", kind))
        let read = node(message, pair, owner: "'\(name)'", line: entry.line)
        guard let value = read.values["value"]?.first else { return [:] }
        return [read.text("key") ?? "": value]
    }

    private mutating func mismatch(
        _ entry: ProtobufTextField, _ name: String, _ expected: String
    ) -> ConfigNode.Value? {
        problems.add(entry.line, "'\(name)' is \(Self.text(entry.value)), expected \(expected)")
        return nil
    }

    private static func expectation(_ kind: ConfigSchema.Kind) -> String {
        switch kind {
        case .text: "a text in quotes"
        case .integer: "a whole number"
        case .number: "a number"
        case .flag: "true or false"
        case .word(let words): "one of [\(words.joined(separator: ", "))]"
        case .message, .map: "a message"
        case .anything: "a value"
        }
    }

    private static func text(_ value: ProtobufTextValue) -> String {
        switch value {
        case .integer(let number): "\(number)"
        case .unsigned(let number): "\(number)"
        case .float(let number): "\(number)"
        case .word(let word): "'\(word.prefix(64))'"
        case .string: "a text"
        case .message: "a message"
        }
    }
}
