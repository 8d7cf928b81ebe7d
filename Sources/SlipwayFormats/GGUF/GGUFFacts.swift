// SPDX-License-Identifier: Apache-2.0

/// Looks metadata up: the first file has them all, the others of a split model repeat none.
struct GGUFFacts {
    private let values: [String: GGUFValue]
    let architecture: String

    /// Of one layer, of one head, of one model: none has as many, and products of four stay inside an Int.
    private static let most = 1 << 31

    init(_ heads: [GGUFHead]) throws(FormatError) {
        values = heads[0].metadata
        architecture = if case .text(let name) = values["general.architecture"] { name } else { "" }
    }

    func has(_ key: String) -> Bool { values[key] != nil }

    func text(_ key: String) -> String? { if case .text(let text) = values[key] { text } else { nil } }

    func integer(_ key: String) -> Int? { values[key]?.integer }

    /// Number of elements.
    func list(_ key: String) -> Int? { values[key]?.count }

    func flag(_ key: String) -> Bool? { if case .flag(let flag) = own(value: key) { flag } else { nil } }

    private func own(value key: String) -> GGUFValue? { values["\(architecture).\(key)"] }

    /// A number under the architecture's name; 0 where there is none.
    ///
    /// - Throws: ``FormatError`` `malformed` for one that cannot be.
    func own(_ key: String) throws(FormatError) -> Int {
        guard let value = own(value: key)?.integer else { return 0 }
        return try checked(value, key)
    }

    /// A number for each layer: a list of them, or one for all; `nil` where there is none.
    func perLayer(_ key: String, layers: Int) throws(FormatError) -> [Int]? {
        switch own(value: key) {
        case .integer(let value):
            return Array(repeating: try checked(value, key), count: layers)
        case .integers(let values):
            guard values.count >= layers else {
                throw FormatError(
                    .malformed, "has \(values.count) values, expected one for each of the \(layers) layers",
                    at: "\(architecture).\(key)")
            }
            var result: [Int] = []
            for value in values.prefix(layers) { result.append(try checked(value, key)) }
            return result
        default:
            return nil
        }
    }

    /// Whether each layer is such a one; `nil` where the file does not tell.
    func flags(_ key: String) -> [Bool]? {
        switch own(value: key) {
        case .flags(let flags): flags
        case .integers(let values): values.map { $0 != 0 }
        default: nil
        }
    }

    func pooling() throws(FormatError) -> GGUFModelInfo.Pooling? {
        guard let number = own(value: "pooling_type")?.integer, number != -1, number != Int(UInt32.max) else {
            return nil
        }
        guard let pooling = GGUFModelInfo.Pooling(rawValue: number) else {
            throw FormatError(
                .unsupported, "the pooling is \(number), expected 0 to 4", at: "\(architecture).pooling_type")
        }
        return pooling
    }

    /// What the file tells people: short texts and numbers under `general.`.
    var card: [String: String] {
        let prefix = "general."
        return values.reduce(into: [:]) { card, entry in
            guard entry.key.hasPrefix(prefix), entry.key.utf8.count <= 128, card.count < 256,
                let text = entry.value.text, !text.isEmpty, text.utf8.count <= 4096
            else { return }
            card[String(entry.key.dropFirst(prefix.count))] = text
        }
    }

    private func checked(_ value: Int, _ key: String) throws(FormatError) -> Int {
        guard (0...Self.most).contains(value) else {
            throw FormatError(
                .malformed, "is \(value), expected 0 to \(Self.most)", at: "\(architecture).\(key)")
        }
        return value
    }
}
