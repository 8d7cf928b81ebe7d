// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
package import SlipwayWire

/// What came of importing the models of another server.
package struct LayoutReport: Sendable, Hashable, Codable {
    /// One numbered folder.
    package struct Version: Sendable, Hashable, Codable {
        package var folder: Int
        /// The number it has here; `nil` when it was not imported.
        package var version: Int?
        package var digest: Digest?
        /// `false` when it was registered already.
        package var isNew = false
        /// Whether the other server would serve it.
        package var isServed: Bool
        /// The alias that keeps the folder's number where the number here is another.
        package var alias: String?
        package var error: String?
    }

    package struct Model: Sendable, Hashable, Codable {
        package var name: String
        package var versions: [Version] = []
        /// Labels that were made aliases, with the numbers here.
        package var labels: [String: Int] = [:]
        /// What the configuration sets, in the words of endpoint files: `batching.max_batch: 8`.
        package var settings: [String] = []
        /// The endpoint after it; `nil` when nothing was deployed.
        package var endpoint: EndpointDTO?
        /// What people should know, a sentence each.
        package var notes: [String] = []
        /// Why the model is not served as the other server would; empty when all went well.
        package var errors: [String] = []
    }

    package var models: [Model]

    package var isComplete: Bool { models.allSatisfy(\.errors.isEmpty) }
}
