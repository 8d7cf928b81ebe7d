// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// A decoded V2 inference request: the question, and how the answer is to be written.
package struct V2InferRequest: Sendable {
    package var inference: InferenceRequest
    package var replyForm: V2ReplyForm
}

/// How a client wants the outputs written.
package struct V2ReplyForm: Sendable, Hashable {
    /// What one requested output is to look like.
    package struct Output: Sendable, Hashable {
        package var name: String
        /// Bytes behind the JSON instead of numbers in it.
        package var isBinary: Bool
        /// The number of best classes wanted instead of the values; `nil` for the values.
        package var classification: Int?

        package init(name: String, isBinary: Bool = false, classification: Int? = nil) {
            self.name = name
            self.isBinary = isBinary
            self.classification = classification
        }
    }

    /// The outputs in the order wanted; `nil` for all of them, as ``isBinary`` says.
    package var outputs: [Output]?
    package var isBinary: Bool

    package init(outputs: [Output]? = nil, isBinary: Bool = false) {
        self.outputs = outputs
        self.isBinary = isBinary
    }
}
