// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import SlipwayCore

/// Text for people: results on standard output, everything else on standard error.
enum Console {
    /// Whether standard error is a terminal, where colours and progress bars make sense.
    static let isTerminal = isatty(STDERR_FILENO) == 1 && getenv("NO_COLOR") == nil

    static func note(_ text: String) { write(text + "\n", to: STDERR_FILENO) }

    static func error(_ error: any Error) { self.error("\(error)") }

    static func error(_ text: String) {
        note((isTerminal ? "\u{1B}[31merror:\u{1B}[0m " : "error: ") + text)
    }

    static func warning(_ text: String) {
        note((isTerminal ? "\u{1B}[33mwarning:\u{1B}[0m " : "warning: ") + text)
    }

    enum Colour: String { case red = "31", green = "32" }

    /// Whether standard output is a terminal.
    static let isOutputTerminal = isatty(STDOUT_FILENO) == 1 && getenv("NO_COLOR") == nil

    /// Text for standard output, coloured where that is a terminal.
    static func coloured(_ text: String, _ colour: Colour) -> String {
        isOutputTerminal ? "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m" : text
    }

    /// Text of others for one line: names come from models and callers, and nothing in them may steer a terminal.
    static func plain(_ text: String) -> String {
        let scalars = text.unicodeScalars.map { scalar -> Unicode.Scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: "?"
            default: scalar
            }
        }
        return String(String.UnicodeScalarView(scalars))
    }

    /// A value as JSON on standard output, keys sorted.
    static func json(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        print(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    static func write(_ text: String, to descriptor: Int32) {
        let bytes = Array(text.utf8)
        _ = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    }
}

/// Columns of text under their heads, as wide as they need to be.
struct TextTable {
    private var rows: [[String]]

    init(_ heads: String...) { rows = [heads] }

    mutating func add(_ cells: String...) { rows.append(cells) }

    var text: String {
        let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            zip(row, widths).map { cell, width in cell + String(repeating: " ", count: width - cell.count) }
                .joined(separator: "  ").trimmingTrailingSpaces
        }.joined(separator: "\n")
    }
}

extension String {
    fileprivate var trimmingTrailingSpaces: String {
        var text = self[...]
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}

/// Bytes for people: `3.2 MB`.
func byteText(_ count: Int) -> String {
    let units = ["B", "kB", "MB", "GB", "TB"]
    var value = Double(count)
    var unit = 0
    while value >= 1000, unit < units.count - 1 {
        value /= 1000
        unit += 1
    }
    if unit == 0 { return "\(count) B" }
    let tenths = Int((value * 10).rounded())
    return "\(tenths / 10).\(tenths % 10) \(units[unit])"
}
