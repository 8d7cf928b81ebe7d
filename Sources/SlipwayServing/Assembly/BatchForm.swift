// SPDX-License-Identifier: Apache-2.0

/// What requests must have in common to share an engine call; made by ``BatchRules``.
///
/// Equal forms of one model version can always be assembled.
package struct BatchForm: Hashable, Sendable {
    /// For each input of the signature -1 when it was left out, else its extents beyond the first dimension, the
    /// padded one as its bucket; then the positions of the outputs asked for, or -1 for all.
    ///
    /// Types and ranks are the signature's, so that they need not be told apart here.
    let words: [Int]

    package func hash(into hasher: inout Hasher) {
        for word in words { hasher.combine(word) }
    }
}
