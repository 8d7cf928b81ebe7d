// SPDX-License-Identifier: Apache-2.0

/// Headers that a collector asks for to let us in: `name=value`, with commas between them.
struct TelemetryHeaders: Sendable, Hashable {
    private struct Field: Sendable, Hashable {
        let name: String
        let value: String
    }

    private var list: [Field] = []

    init() {}

    /// `nil` where a name is no token of HTTP, or a value has characters that no header takes.
    init?(list text: String) {
        for part in text.split(separator: ",") {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard pair.count == 2 else { return nil }
            let (name, value) = (Self.trimmed(pair[0]), Self.trimmed(pair[1]))
            guard !name.isEmpty, name.utf8.allSatisfy(Self.isOfName), !value.isEmpty,
                value.utf8.allSatisfy({ (0x20..<0x7F).contains($0) })
            else { return nil }
            list.append(Field(name: name.lowercased(), value: String(value)))
        }
    }

    var fields: [(String, String)] { list.map { ($0.name, $0.value) } }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop { $0 == " " }
        while text.last == " " { text.removeLast() }
        return text
    }

    private static func isOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
