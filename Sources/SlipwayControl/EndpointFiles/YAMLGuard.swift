// SPDX-License-Identifier: Apache-2.0

/// Looks over the text of a YAML file before a parser builds anything from it.
///
/// Endpoint files need little of YAML. What could make a small text huge (anchors and aliases), a parser recurse
/// deeply, or this reading ambiguous (texts over several lines, tags, explicit keys) is refused.
struct YAMLGuard {
    struct Refusal: Error, Equatable {
        /// From 1.
        let line: Int
        let message: String
    }

    static let maximumBytes = 1 << 20
    /// Lists and mappings inside one another.
    static let maximumDepth = 16

    private var line = 1
    private var flowDepth = 0
    /// Whether a value or a key may begin here.
    private var isStart = true
    /// Whether a quoted text or a bracket has just ended.
    private var isClosed = false

    static func check(_ text: String) throws(Refusal) {
        guard text.utf8.count <= maximumBytes else {
            throw Refusal(line: 1, message: "the file has \(text.utf8.count) bytes, expected 1 MiB at most")
        }
        // YAML 1.1 ends lines at these too, other tools do not.
        let breaks: [Unicode.Scalar] = ["\u{85}", "\u{2028}", "\u{2029}"]
        guard !text.unicodeScalars.contains(where: { breaks.contains($0) || $0.value == 0 }) else {
            throw Refusal(line: 1, message: "the file contains a control character that ends lines")
        }
        var scan = YAMLGuard()
        var bytes: [UInt8] = []
        var previous: UInt8 = 0
        for byte in text.utf8 {
            if byte == UInt8(ascii: "\n"), previous == UInt8(ascii: "\r") {
                // The second half of one line break.
            } else if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
                try scan.read(bytes)
                bytes.removeAll(keepingCapacity: true)
            } else {
                bytes.append(byte)
            }
            previous = byte
        }
        try scan.read(bytes)
    }

    private func refuse(_ message: String) -> Refusal { Refusal(line: line, message: message) }

    private mutating func read(_ bytes: [UInt8]) throws(Refusal) {
        if flowDepth == 0 {
            isStart = true
            isClosed = false
        }
        var index = 0
        var dashes = 0
        if bytes.starts(with: "---".utf8), Self.isBlank(bytes, 3) { index = 3 }
        while index < bytes.count {
            let byte = bytes[index]
            if Self.isSpace(byte) {
                index += 1
                continue
            }
            if byte == UInt8(ascii: "#"), index == 0 || Self.isSpace(bytes[index - 1]) { break }
            if isStart {
                guard index <= 4 * Self.maximumDepth || flowDepth > 0 || !bytes[..<index].allSatisfy(Self.isSpace)
                else {
                    throw refuse("nested too deeply: indented by \(index)")
                }
                try refuseUnused(bytes, at: index)
                if byte == UInt8(ascii: "-"), Self.isBlank(bytes, index + 1), flowDepth == 0 {
                    dashes += 1
                    guard dashes <= Self.maximumDepth else { throw refuse("nested too deeply") }
                    index += 1
                    continue
                }
                if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                    index = try endOfQuoted(bytes, from: index)
                    (isStart, isClosed) = (false, true)
                    continue
                }
            }
            try step(bytes, at: index)
            index += 1
        }
        line += 1
    }

    /// Follows brackets, commas and colons; everything else is a part of a plain text.
    private mutating func step(_ bytes: [UInt8], at index: Int) throws(Refusal) {
        let wasClosed = isClosed
        isClosed = false
        switch bytes[index] {
        case UInt8(ascii: "["), UInt8(ascii: "{"):
            guard isStart || flowDepth > 0 else { return }
            flowDepth += 1
            guard flowDepth <= Self.maximumDepth else { throw refuse("nested too deeply") }
            isStart = true
        case UInt8(ascii: "]"), UInt8(ascii: "}"):
            if flowDepth > 0 {
                flowDepth -= 1
                isClosed = true
            }
            isStart = false
        case UInt8(ascii: ","):
            isStart = flowDepth > 0
        case UInt8(ascii: ":"):
            isStart = Self.isBlank(bytes, index + 1) || flowDepth > 0 && (isStart || wasClosed)
        default:
            isStart = false
        }
    }

    private func refuseUnused(_ bytes: [UInt8], at index: Int) throws(Refusal) {
        switch bytes[index] {
        case UInt8(ascii: "&"), UInt8(ascii: "*"):
            throw refuse("anchors and aliases (& and *) are not read here: write the value again, or in quotes")
        case UInt8(ascii: "!"):
            throw refuse("tags (!) are not read here: leave it out")
        case UInt8(ascii: "|"), UInt8(ascii: ">"):
            throw refuse("texts over several lines (| and >) are not read here: write it on one line")
        case UInt8(ascii: "?") where Self.isBlank(bytes, index + 1):
            throw refuse("'? ' is not read here: write 'key: value'")
        case UInt8(ascii: "%") where index == 0:
            throw refuse("directives (%) are not read here: leave it out")
        default:
            return
        }
    }

    /// - Returns: The index after the closing quote.
    private func endOfQuoted(_ bytes: [UInt8], from start: Int) throws(Refusal) -> Int {
        let quote = bytes[start]
        var index = start + 1
        while index < bytes.count {
            if quote == UInt8(ascii: "\""), bytes[index] == UInt8(ascii: "\\") {
                index += 2
            } else if bytes[index] != quote {
                index += 1
            } else if quote == UInt8(ascii: "'"), index + 1 < bytes.count, bytes[index + 1] == quote {
                index += 2
            } else {
                return index + 1
            }
        }
        throw refuse("a text in quotes has to end on its line")
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

    private static func isBlank(_ bytes: [UInt8], _ index: Int) -> Bool {
        index >= bytes.count || isSpace(bytes[index])
    }
}
