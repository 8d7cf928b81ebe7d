// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// Feedback that came to a replica which did not make the prediction: whoever made it takes it up.
package struct HandedFeedback: Sendable, Hashable, Codable {
    /// How long it lies there; then nobody knows the prediction.
    package static let lifetime: Duration = .seconds(60)
    /// So many may lie there at once, of all endpoints; what comes more is unknown at once.
    package static let maximumCount = 100_000

    /// Unique.
    package var id: String
    package var endpoint: String
    /// The replica that it came to.
    package var replica: String
    package var at: Timestamp
    package var feedback: Feedback

    package init(id: String, endpoint: String, replica: String, at: Timestamp, feedback: Feedback) {
        self.id = id
        self.endpoint = endpoint
        self.replica = replica
        self.at = at
        self.feedback = feedback
    }
}
