// SPDX-License-Identifier: Apache-2.0

/// Whether a model's rows may share a call.
package enum BatchVerdict: Hashable, Sendable {
    /// Rows are answered as if they were alone: bit for bit, or but for rounding.
    case batches(exact: Bool)
    /// The reason is a clause without a full stop: `output 'y' has 1 row for 2 rows of input`.
    case alone(reason: String)
}
