// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
package import SlipwayEngine

/// Where Serving gets a version's files from.
///
/// One call of each method per load, in this order, from a task of its own; a failure ends the load.
package protocol ModelSource: Sendable {
    /// Finds out what the version is. Throws when it does not exist.
    func resolve(_ version: VersionID) async throws -> ResolvedVersion
    /// Brings the version's files to this machine and returns their folder.
    func fetch(_ version: ResolvedVersion) async throws -> String
    /// Checks that the files in `folder` are what was registered, and returns what an engine opens.
    func verify(_ version: ResolvedVersion, in folder: String) async throws -> ModelBundle
}

/// A version that exists.
package struct ResolvedVersion: Sendable, Hashable {
    package let id: VersionID
    package let digest: Digest
    package let format: ModelFormat
    /// The engine it was imported for.
    package let engine: String
    /// Class names by output, for answers that name classes.
    package let labels: [String: [String]]
    /// Of all its files together.
    package let byteCount: Int
    /// Of a language model: what one token takes in the cache with 16-bit numbers, and the context it was trained
    /// with; 0 for other models.
    package var cacheBytesPerToken = 0
    package var trainedContext = 0

    package init(
        id: VersionID, digest: Digest, format: ModelFormat, engine: String, labels: [String: [String]],
        byteCount: Int
    ) {
        self.id = id
        self.digest = digest
        self.format = format
        self.engine = engine
        self.labels = labels
        self.byteCount = byteCount
    }
}
