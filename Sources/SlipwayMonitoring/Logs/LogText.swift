// SPDX-License-Identifier: Apache-2.0

/// Texts of others made safe for one line.
package enum LogText {
    /// Without quotes; control characters as `\n`, `\t` or `\u{1b}`, and backslashes doubled.
    static func plain(_ text: String) -> String { escaped(text, json: false) }

    /// As it is when it is one word, else in double quotes: what ends a value cannot be inside it.
    static func word(_ text: String) -> String {
        let isWord =
            !text.isEmpty
            && text.unicodeScalars.allSatisfy { scalar in
                !isHarmful(scalar) && !scalar.properties.isWhitespace && !"\"\\=,[]{}".unicodeScalars.contains(scalar)
            }
        return isWord && text.utf8.count <= LogEncoder.maximumText
            ? text : "\"" + escaped(text, json: false, quotes: true) + "\""
    }

    /// A JSON string.
    package static func quoted(_ text: String) -> String { "\"" + escaped(text, json: true, quotes: true) + "\"" }

    /// Control characters, the line and paragraph separators, and what shows nothing or turns the direction of text.
    private static func isHarmful(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar.value < 0x20 || scalar.value == 0x7F }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: return true
        default: return false
        }
    }

    private static func escaped(_ text: String, json: Bool, quotes: Bool = false) -> String {
        var result = ""
        var bytes = 0
        for scalar in text.unicodeScalars {
            bytes += UTF8.width(scalar)
            guard bytes <= LogEncoder.maximumText else { return result + "..." }
            switch scalar {
            case "\\": result += "\\\\"
            case "\"" where quotes: result += "\\\""
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where isHarmful(scalar): result += json ? jsonEscape(scalar) : "\\u{\(hexadecimal(scalar.value))}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// `\u` and four digits for each UTF-16 unit.
    private static func jsonEscape(_ scalar: Unicode.Scalar) -> String {
        UTF16.encode(scalar).map { units in
            units.map { unit in
                let digits = hexadecimal(UInt32(unit))
                return "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
            }.joined()
        } ?? ""
    }

    private static func hexadecimal(_ value: UInt32) -> String { String(value, radix: 16) }
}
