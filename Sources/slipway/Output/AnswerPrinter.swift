// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayClient

/// Shows an answer on standard output while it grows; reasoning is dim, or goes to standard error where standard
/// output is no terminal.
struct AnswerPrinter {
    private static let isTerminal = isatty(STDOUT_FILENO) == 1
    private static let hasColours = isTerminal && getenv("NO_COLOR") == nil

    private var isReasoning = false

    mutating func show(_ piece: ChatAnswer.Piece) {
        switch piece {
        case .reasoning(let text):
            if !isReasoning, Self.hasColours { Console.write("\u{1B}[2m", to: STDOUT_FILENO) }
            isReasoning = true
            Console.write(Self.safe(text), to: Self.isTerminal ? STDOUT_FILENO : STDERR_FILENO)
        case .content(let text):
            endReasoning()
            Console.write(Self.isTerminal ? Self.safe(text) : text, to: STDOUT_FILENO)
        }
    }

    /// Ends the last line; an answer that was cut off is told so.
    mutating func end(_ answer: ChatAnswer?) {
        endReasoning()
        Console.write("\n", to: STDOUT_FILENO)
        guard let answer else { return }
        if answer.finishReason == "length" {
            Console.note("(cut off at \(answer.completionTokens.map { "\($0) tokens" } ?? "the most tokens allowed"))")
        }
    }

    private mutating func endReasoning() {
        guard isReasoning else { return }
        isReasoning = false
        Console.write(Self.hasColours ? "\u{1B}[0m\n" : "\n", to: Self.isTerminal ? STDOUT_FILENO : STDERR_FILENO)
    }

    /// Without control characters: what a model writes must not command the terminal.
    static func safe(_ text: String) -> String {
        let keeps = { (scalar: Unicode.Scalar) in
            scalar == "\n" || scalar == "\t" || scalar.value >= 0x20 && !(0x7F...0x9F).contains(scalar.value)
        }
        guard !text.unicodeScalars.allSatisfy(keeps) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.filter(keeps)))
    }
}
