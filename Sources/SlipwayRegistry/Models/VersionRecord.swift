// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// One file of a bundle.
package struct BundleFile: Sendable, Hashable, Codable {
    /// Relative to the bundle's folder, with `/`; never absolute, never with `..`.
    package let path: String
    package let digest: Digest
    package let byteCount: Int

    package init(path: String, digest: Digest, byteCount: Int) {
        self.path = path
        self.digest = digest
        self.byteCount = byteCount
    }
}

/// What is to be registered; the store adds number and time.
package struct VersionDraft: Sendable, Hashable, Codable {
    package let model: String
    /// The bundle's address: sha256 over its sorted file list, see ``BundleDigest``.
    package let digest: Digest
    package let format: ModelFormat
    package let engine: String
    package let signature: ModelSignature
    package let files: [BundleFile]
    /// Which of ``files`` the engine opens.
    package let primaryPath: String
    package let lineage: Lineage
    /// Facts from the file and from the importer, for people: producer, opset, labels.
    package let metadata: [String: String]

    package init(
        model: String, digest: Digest, format: ModelFormat, engine: String, signature: ModelSignature,
        files: [BundleFile], primaryPath: String, lineage: Lineage, metadata: [String: String]
    ) {
        self.model = model
        self.digest = digest
        self.format = format
        self.engine = engine
        self.signature = signature
        self.files = files
        self.primaryPath = primaryPath
        self.lineage = lineage
        self.metadata = metadata
    }
}

/// Where a version came from.
package struct Lineage: Sendable, Hashable, Codable {
    /// The name of the file that was imported, without its folder.
    package let sourceName: String
    package let sourceDigest: Digest
    /// The version it was made from, when it was made from one.
    package let parent: VersionID?
    /// What was done to the parent or the source: `import`.
    package let recipe: String

    package init(sourceName: String, sourceDigest: Digest, parent: VersionID? = nil, recipe: String = "import") {
        self.sourceName = sourceName
        self.sourceDigest = sourceDigest
        self.parent = parent
        self.recipe = recipe
    }
}

/// A registered, immutable version.
package struct VersionRecord: Sendable, Hashable, Codable {
    package let id: VersionID
    package let createdAt: Timestamp
    package let draft: VersionDraft

    package init(id: VersionID, createdAt: Timestamp, draft: VersionDraft) {
        self.id = id
        self.createdAt = createdAt
        self.draft = draft
    }

    package var digest: Digest { draft.digest }
    /// Bytes of all files; `Int.max` where damaged rows claim more.
    package var byteCount: Int {
        draft.files.reduce(0) { sum, file in
            let (total, overflow) = sum.addingReportingOverflow(file.byteCount)
            return overflow ? .max : total
        }
    }
}
