// SPDX-License-Identifier: Apache-2.0

/// Why tensors cannot be put together, taken apart or padded: a sentence, which the caller gives its own code.
package struct BatchError: Error, Hashable, CustomStringConvertible {
    package let message: String

    package init(_ message: String) { self.message = message }

    package var description: String { message }
}

extension BatchError {
    /// The row count of a model's answer is not that of its question.
    static func wrongRows(_ output: String, got: Int?, expected: Int) -> BatchError {
        guard let got else { return BatchError("output '\(output)' has no rows, it is a scalar") }
        return BatchError("output '\(output)' has \(rows(got)) for \(rows(expected)) of input")
    }

    static func rows(_ count: Int) -> String { count == 1 ? "1 row" : "\(count) rows" }
}
