// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Whether rows that shared a call came out as they did alone.
struct BatchJudgement {
    /// Why not; `nil` when they did.
    let reason: String?
    /// Whether they came out bit for bit.
    let isExact: Bool

    /// - Parameters:
    ///   - outputs: The answer to all rows together.
    ///   - alone: The answer to each row alone, in the same order.
    ///   - lengths: Of the rows, where they were padded.
    init(_ outputs: NamedTensors, alone: [NamedTensors], padding: PaddingRule? = nil, lengths: [Int]? = nil) {
        let parts: [NamedTensors]
        do throws(BatchError) {
            parts = try BatchAssembly(padding: padding).split(
                outputs, rowCounts: alone.map { _ in 1 }, lengths: lengths)
        } catch {
            reason = error.message
            isExact = false
            return
        }
        let comparison = AnswerComparison(.tolerance(Self.tolerance(for: outputs)))
        for (part, expected) in zip(parts, alone) {
            let outcome = comparison.compare(part, to: expected)
            guard outcome.reason != nil else { continue }
            let output = outcome.output ?? ""
            reason =
                outcome.differingRows > 0 && outcome.largestDifference > 0
                ? "output '\(output)' of a row changes by \(Float(outcome.largestDifference)) when others join it"
                : outcome.reason
            isExact = false
            return
        }
        reason = nil
        isExact = zip(parts, alone).allSatisfy { $0.isIdentical(to: $1) }
    }

    /// Engines choose kernels and the order of sums by the batch's size, which moves float32 answers by some 1e-6 to
    /// 1e-4 of their size, and by up to 3e-3 where made-up inputs make a classifier undecided; rows that influence one
    /// another move them far more. Bfloat16 carries 8 bits only, so that a single step is 8e-3: four steps are allowed.
    private static func tolerance(for outputs: NamedTensors) -> Double {
        outputs.reduce(1e-2) { largest, output in
            switch output.tensor.elementType {
            case .bfloat16: max(largest, 32e-3)
            default: largest
            }
        }
    }

    /// Why the answer cannot belong to so many rows; `nil` when it can.
    static func wrongRows(_ outputs: NamedTensors, expected: Int) -> String? {
        for output in outputs where output.tensor.rowCount != expected {
            return BatchError.wrongRows(output.name, got: output.tensor.rowCount, expected: expected).message
        }
        return nil
    }
}
