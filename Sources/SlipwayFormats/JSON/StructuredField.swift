// SPDX-License-Identifier: Apache-2.0

/// A value of a model's JSON, and the path to it for messages.
struct StructuredField {
    let value: StructuredValue
    let path: String

    init(_ value: StructuredValue, _ path: String) {
        self.value = value
        self.path = path
    }

    func malformed(_ message: String) -> FormatError { FormatError(.malformed, message, at: path) }

    private func place(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

    func member(_ name: String) throws(FormatError) -> StructuredField {
        guard let member = value[name] else {
            throw FormatError(.malformed, "'\(name)' is missing", at: path.isEmpty ? "the file's root" : path)
        }
        return StructuredField(member, place(name))
    }

    func text(_ name: String) throws(FormatError) -> String {
        let field = try member(name)
        if let text = field.value.string { return text }
        if let number = field.value.double { return "\(number)" }
        throw field.malformed("here stands \(field.value.kindName), not a text")
    }

    /// A whole number that is not negative, perhaps written as a text.
    func whole(_ name: String, default fallback: Int? = nil) throws(FormatError) -> Int {
        if let fallback, value[name] == nil { return fallback }
        let field = try member(name)
        guard let number = field.value.integer ?? field.value.string.flatMap({ Int($0) }), number >= 0,
            number <= Int(Int32.max)
        else { throw field.malformed("here should stand a whole number") }
        return number
    }

    func wholes(_ name: String) throws(FormatError) -> [Int] {
        let field = try member(name)
        guard let numbers = field.value.integers else {
            throw field.malformed("here stands \(field.value.kindName) instead of whole numbers")
        }
        return numbers.map { Int($0) }
    }

    func floats(_ name: String) throws(FormatError) -> [Float] {
        let field = try member(name)
        guard let numbers = field.value.doubles else {
            throw field.malformed("here stands \(field.value.kindName) instead of numbers")
        }
        return numbers.map { Float($0) }
    }

    /// Truth values, which are numbers in some versions.
    func flags(_ name: String) throws(FormatError) -> [Bool] {
        let field = try member(name)
        if let numbers = field.value.integers { return numbers.map { $0 != 0 } }
        let flags = (field.value.list ?? []).compactMap(\.bool)
        guard let list = field.value.list, flags.count == list.count else {
            throw field.malformed("here stands \(field.value.kindName) instead of truth values")
        }
        return flags
    }
}
