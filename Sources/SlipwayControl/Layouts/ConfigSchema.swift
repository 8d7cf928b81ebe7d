// SPDX-License-Identifier: Apache-2.0

/// Which fields a message of another server's configuration has, and what each may hold.
struct ConfigSchema: Sendable {
    indirect enum Kind: Sendable {
        case text, integer, number, flag
        /// A word of an enumeration, or its number: the words in the order of their numbers from 0.
        case word([String])
        case message(ConfigSchema)
        /// Values of one kind by texts.
        case map(Kind)
        /// Whatever it is, nobody reads it here.
        case anything
    }

    struct Field: Sendable {
        let name: String
        let kind: Kind
        var isRepeated = false
    }

    let fields: [Field]

    init(_ fields: Field...) { self.fields = fields }

    /// The field of a name as a text or a JSON object writes it.
    func field(_ name: String, isJSON: Bool) -> Field? {
        if let field = fields.first(where: { $0.name == name }) { return field }
        guard isJSON, name.utf8.count <= 64 else { return nil }
        // Protobuf's JSON may write `maxBatchSize` too.
        let snake = name.reduce(into: "") { $0 += $1.isUppercase ? "_" + $1.lowercased() : String($1) }
        return fields.first { $0.name == snake }
    }
}

extension ConfigSchema.Field {
    static func one(_ name: String, _ kind: ConfigSchema.Kind) -> ConfigSchema.Field {
        ConfigSchema.Field(name: name, kind: kind)
    }

    static func one(_ name: String, _ fields: ConfigSchema.Field...) -> ConfigSchema.Field {
        ConfigSchema.Field(name: name, kind: .message(ConfigSchema(fields)))
    }

    static func many(_ name: String, _ kind: ConfigSchema.Kind) -> ConfigSchema.Field {
        ConfigSchema.Field(name: name, kind: kind, isRepeated: true)
    }

    static func many(_ name: String, _ fields: ConfigSchema.Field...) -> ConfigSchema.Field {
        ConfigSchema.Field(name: name, kind: .message(ConfigSchema(fields)), isRepeated: true)
    }
}

extension ConfigSchema {
    init(_ fields: [Field]) { self.fields = fields }
}

/// A message that was read by its schema: every value has the kind that the schema gives it.
struct ConfigNode: Sendable, Hashable {
    enum Value: Sendable, Hashable {
        case text(String)
        case integer(Int)
        case number(Double)
        case flag(Bool)
        case node(ConfigNode)
        case map([String: Value])
        case anything

        /// Whether protobuf would leave it out: 0, an empty text, `false`.
        var isDefault: Bool {
            switch self {
            case .text(let text): text.isEmpty
            case .integer(let number): number == 0
            case .number(let number): number == 0
            case .flag(let flag): !flag
            case .map(let values): values.isEmpty
            case .node, .anything: false
            }
        }
    }

    /// From 1.
    var line: Int
    /// By the field's name; one that occurs has at least one value.
    var values: [String: [Value]] = [:]
    /// Where each field first occurs.
    var lines: [String: Int] = [:]

    func line(of name: String) -> Int { lines[name] ?? line }

    /// Whether the field is there with something else than its default.
    func says(_ name: String) -> Bool { values[name]?.contains { !$0.isDefault } ?? false }

    func text(_ name: String) -> String? {
        if case .text(let text)? = values[name]?.first { text } else { nil }
    }

    func integer(_ name: String) -> Int? { integers(name).first }

    func integers(_ name: String) -> [Int] {
        (values[name] ?? []).compactMap { if case .integer(let number) = $0 { number } else { nil } }
    }

    func flag(_ name: String) -> Bool? {
        if case .flag(let flag)? = values[name]?.first { flag } else { nil }
    }

    func node(_ name: String) -> ConfigNode? { nodes(name).first }

    func nodes(_ name: String) -> [ConfigNode] {
        (values[name] ?? []).compactMap { if case .node(let node) = $0 { node } else { nil } }
    }

    func map(_ name: String) -> [String: Value] {
        if case .map(let values)? = values[name]?.first { values } else { [:] }
    }
}
