// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// Compares the answers of two models to one question.
package struct AnswerComparison: Hashable, Sendable {
    package enum Rule: Hashable, Sendable {
        /// Floats agree when |a - b| / max(1, |b|) is at most this, `b` the reference; a NaN agrees with a NaN, an
        /// infinity with itself. Everything else agrees when it is equal.
        case tolerance(Double)
        /// Each row of a float output agrees when the largest value of its last dimension is at the same place, the
        /// first of equals. Outputs without scores to choose from, so all others and those whose last dimension is
        /// 1 or the rows', agree when they are equal.
        case topOne
    }

    /// What came of one comparison.
    package struct Outcome: Hashable, Sendable {
        package var differingRows: Int
        /// The largest |a - b| / max(1, |b|), whether or not that counts as different; 1 for texts and bools that are
        /// not equal, infinity where only one of two is finite. By ``Rule/topOne``: how far the reference's own values
        /// at the two places are apart. 0 when nothing could be compared.
        package var largestDifference: Double
        /// The output with the largest difference, or that does not fit.
        package var output: String?
        /// Why the rows differ, without any value of the answer; `nil` when all agree.
        package var reason: String?

        package var agrees: Bool { reason == nil }
    }

    private let rule: Rule

    package init(_ rule: Rule) { self.rule = rule }

    /// Compares `answer` with `reference`, output by output; a different set of outputs, type or shape makes all rows
    /// differ.
    ///
    /// Rows are the first dimension when all outputs share it, else the whole answer is one row.
    package func compare(_ answer: NamedTensors, to reference: NamedTensors) -> Outcome {
        let rows = Self.rows(of: reference)
        if let (output, reason) = Self.mismatch(answer, reference) {
            return Outcome(differingRows: rows, largestDifference: 0, output: output, reason: reason)
        }
        var outcome = Outcome(differingRows: 0, largestDifference: 0)
        // As many as elements at most: an output with elements has at least one in each row.
        var differs = [Bool](repeating: false, count: reference.allSatisfy { $0.tensor.count == 0 } ? 0 : rows)
        for element in reference {
            guard let other = answer[element.name],
                !other.storage.bytes.hasSameBytes(as: element.tensor.storage.bytes)
            else { continue }
            compare(other, element, &differs, &outcome)
        }
        outcome.differingRows = differs.reduce(0) { $0 + ($1 ? 1 : 0) }
        if outcome.differingRows > 0, let output = outcome.output {
            outcome.reason =
                "\(outcome.differingRows) of \(BatchError.rows(rows)) differ, the most in output '\(output)'"
        }
        return outcome
    }

    private func compare(
        _ tensor: Tensor, _ reference: NamedTensors.Element, _ differs: inout [Bool], _ outcome: inout Outcome
    ) {
        let perRow = reference.tensor.count / max(differs.count, 1)
        guard perRow > 0 else { return }
        let elementType = reference.tensor.elementType
        let lastExtent = reference.tensor.shape.dimensions.last ?? 1
        let isFloat = ElementComparison.isFloat(elementType)
        let choosesTop = rule == .topOne && isFloat && reference.tensor.shape.rank > 1 && lastExtent > 1
        let tolerance = if case .tolerance(let value) = rule, isFloat { value } else { -1.0 }
        let comparison = ElementComparison(tensor, reference.tensor)
        func note(_ index: Int, _ difference: Double) {
            if difference > outcome.largestDifference || outcome.output == nil {
                outcome.largestDifference = difference
                outcome.output = reference.name
            }
            if difference > tolerance { differs[index / perRow] = true }
        }
        if choosesTop {
            comparison.forEachTopDifference(of: lastExtent, note)
        } else {
            comparison.forEachDifference(note)
        }
    }

    private static func rows(of tensors: NamedTensors) -> Int {
        guard let first = tensors.first?.tensor.rowCount, tensors.allSatisfy({ $0.tensor.rowCount == first }) else {
            return 1
        }
        return first
    }

    private static func mismatch(_ answer: NamedTensors, _ reference: NamedTensors) -> (String, String)? {
        for element in reference {
            guard let tensor = answer[element.name] else {
                return (element.name, "output '\(element.name)' is missing")
            }
            guard tensor.elementType == element.tensor.elementType else {
                return (
                    element.name,
                    "output '\(element.name)' is \(tensor.elementType.rawValue), not "
                        + element.tensor.elementType.rawValue
                )
            }
            guard tensor.shape == element.tensor.shape else {
                return (
                    element.name, "output '\(element.name)' has shape \(tensor.shape), not \(element.tensor.shape)"
                )
            }
        }
        if answer.count > reference.count, let extra = answer.first(where: { reference[$0.name] == nil }) {
            return (extra.name, "output '\(extra.name)' is only in one answer")
        }
        return nil
    }
}
