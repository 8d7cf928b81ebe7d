// SPDX-License-Identifier: Apache-2.0

/// Reads protobuf's text format, as `config.pbtxt` and `model_config_file` are written, without a schema.
///
/// Takes `name: value`, `name { ... }`, `name < ... >`, lists in brackets, comments, texts in pieces, `,` and `;`
/// between fields. A list gives one field for each element.
public struct ProtobufTextReader {
    /// Reads one message, the whole text.
    ///
    /// - Throws: ``FormatError`` `malformed`, `truncated` or `limitExceeded` with line and column.
    public static func read(
        _ bytes: [UInt8], limits: ProtobufTextLimits = ProtobufTextLimits()
    ) throws(FormatError) -> ProtobufTextMessage {
        guard bytes.count <= limits.byteCount else {
            throw FormatError(
                .limitExceeded, "the text has \(bytes.count) bytes, expected \(limits.byteCount) at most")
        }
        var reader = try ProtobufTextReader(bytes, limits)
        return try reader.message(closedBy: nil, depth: 0)
    }

    private typealias Token = ProtobufTextTokens.Token

    private let limits: ProtobufTextLimits
    private var tokens: ProtobufTextTokens
    /// The next token, not consumed.
    private var current: Token
    private var valueCount = 0

    private init(_ bytes: [UInt8], _ limits: ProtobufTextLimits) throws(FormatError) {
        self.limits = limits
        tokens = ProtobufTextTokens(bytes)
        current = try tokens.next()
    }

    private mutating func advance() throws(FormatError) { current = try tokens.next() }

    private mutating func accept(_ sign: Unicode.Scalar) throws(FormatError) -> Bool {
        guard current.kind == .sign(UInt8(ascii: sign)) else { return false }
        try advance()
        return true
    }

    private func error(
        _ message: String, _ code: FormatError.Code = .malformed, at token: ProtobufTextTokens.Token
    ) -> FormatError {
        FormatError(code, message, at: "line \(token.line), column \(token.column)")
    }

    // MARK: Fields

    private mutating func message(
        closedBy end: UInt8?, depth: Int
    ) throws(FormatError) -> ProtobufTextMessage {
        guard depth <= limits.depth else {
            throw error("messages are nested deeper than \(limits.depth)", .limitExceeded, at: current)
        }
        let opening = current
        var message = ProtobufTextMessage()
        while true {
            if let end, current.kind == .sign(end) { return message }
            if current.kind == .end {
                guard end != nil else { return message }
                throw error("the message is not closed before the text ends", .truncated, at: opening)
            }
            try field(into: &message, depth: depth)
            if try !accept(",") { _ = try accept(";") }
        }
    }

    private mutating func field(into message: inout ProtobufTextMessage, depth: Int) throws(FormatError) {
        let first = current
        let name = try fieldName()
        let hasColon = try accept(":")
        let add = { (value: ProtobufTextValue, message: inout ProtobufTextMessage) in
            message.fields.append(ProtobufTextField(name: name, value: value, line: first.line, column: first.column))
        }
        guard try accept("[") else {
            add(try value(of: name, hasColon: hasColon, depth: depth), &message)
            return
        }
        if try accept("]") { return }
        while true {
            add(try value(of: name, hasColon: hasColon, depth: depth), &message)
            if try accept("]") { return }
            guard try accept(",") else { throw error("expected ',' or ']' in the list of '\(name)'", at: current) }
        }
    }

    private mutating func fieldName() throws(FormatError) -> String {
        switch current.kind {
        case .word(let name):
            guard name.utf8.count <= 256 else { throw error("a field's name has more than 256 bytes", at: current) }
            try advance()
            return name
        case .sign(UInt8(ascii: "[")):
            let name = try tokens.extensionName()
            try advance()
            return name
        default:
            throw error("expected a field's name", at: current)
        }
    }

    // MARK: Values

    private mutating func value(
        of name: String, hasColon: Bool, depth: Int
    ) throws(FormatError) -> ProtobufTextValue {
        valueCount += 1
        guard valueCount <= limits.valueCount else {
            throw error("the text has more than \(limits.valueCount) values", .limitExceeded, at: current)
        }
        for (open, close) in [("{", "}"), ("<", ">")] as [(Unicode.Scalar, Unicode.Scalar)] where try accept(open) {
            let inner = try message(closedBy: UInt8(ascii: close), depth: depth + 1)
            try advance()
            return .message(inner)
        }
        guard hasColon else { throw error("expected ':' or '{' after '\(name)'", at: current) }
        if case .string = current.kind { return .string(try pieces()) }
        let isNegative = try accept("-")
        let token = current
        guard let value = Self.scalar(token.kind, isNegative: isNegative) else {
            throw error("expected a value for '\(name)'", at: token)
        }
        try advance()
        return value
    }

    private mutating func pieces() throws(FormatError) -> [UInt8] {
        var text: [UInt8] = []
        while case .string(let piece) = current.kind {
            text += piece
            try advance()
        }
        return text
    }

    private static func scalar(_ kind: ProtobufTextTokens.Kind, isNegative: Bool) -> ProtobufTextValue? {
        switch kind {
        case .integer(let magnitude):
            guard isNegative else { return Int64(exactly: magnitude).map { .integer($0) } ?? .unsigned(magnitude) }
            guard magnitude <= Int64.min.magnitude else { return .float(-Double(magnitude)) }
            return .integer(Int64(truncatingIfNeeded: 0 &- magnitude))
        case .float(let number):
            return .float(isNegative ? -number : number)
        case .word(let word):
            switch word.lowercased() {
            case "inf", "infinity": return .float(isNegative ? -.infinity : .infinity)
            case "nan" where isNegative: return .float(-.nan)
            default: return isNegative ? nil : .word(word)
            }
        case .string, .sign, .end:
            return nil
        }
    }
}
