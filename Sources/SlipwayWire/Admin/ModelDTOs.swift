// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// A model, its versions and its aliases.
package struct ModelDTO: Sendable, Hashable, Codable {
    package var name: String
    /// Newest first.
    package var versions: [VersionDTO]
    package var aliases: [AliasDTO]

    package init(name: String, versions: [VersionDTO], aliases: [AliasDTO]) {
        self.name = name
        self.versions = versions
        self.aliases = aliases
    }
}

/// One version.
package struct VersionDTO: Sendable, Hashable, Codable {
    package var model: String
    package var version: Int
    package var digest: Digest
    package var format: String
    package var engine: String
    package var byteCount: Int
    package var createdAt: Timestamp
    package var aliases: [String]
    package var signature: ModelSignature
    package var files: [FileDTO]
    /// Which of ``files`` the engine opens; `nil` from earlier servers.
    package var primaryPath: String?
    package var source: SourceDTO
    package var metadata: [String: String]

    package init(
        id: VersionID, digest: Digest, format: String, engine: String, createdAt: Timestamp, aliases: [String],
        signature: ModelSignature, files: [FileDTO], source: SourceDTO, metadata: [String: String]
    ) {
        model = id.model
        version = id.number
        self.digest = digest
        self.format = format
        self.engine = engine
        // Damaged rows may claim any size.
        byteCount = files.reduce(0) { sum, file in
            let (total, isOver) = sum.addingReportingOverflow(file.byteCount)
            return isOver ? .max : total
        }
        self.createdAt = createdAt
        self.aliases = aliases
        self.signature = signature
        self.files = files
        self.source = source
        self.metadata = metadata
    }

    package var id: VersionID { VersionID(model: model, number: version) }
}

/// One file of a bundle.
package struct FileDTO: Sendable, Hashable, Codable {
    package var path: String
    package var digest: Digest
    package var byteCount: Int

    package init(path: String, digest: Digest, byteCount: Int) {
        self.path = path
        self.digest = digest
        self.byteCount = byteCount
    }
}

/// Where a version came from.
package struct SourceDTO: Sendable, Hashable, Codable {
    package var name: String
    package var digest: Digest
    package var parent: VersionID?
    package var recipe: String

    package init(name: String, digest: Digest, parent: VersionID?, recipe: String) {
        self.name = name
        self.digest = digest
        self.parent = parent
        self.recipe = recipe
    }
}

package struct AliasDTO: Sendable, Hashable, Codable {
    package var alias: String
    package var version: Int

    package init(alias: String, version: Int) {
        self.alias = alias
        self.version = version
    }
}

/// Where an alias is to point.
package struct AliasRequest: Sendable, Hashable, Codable {
    package var version: Int
    package init(version: Int) { self.version = version }
}

/// Everything that happened to a model.
package struct HistoryDTO: Sendable, Hashable, Codable {
    package var model: String
    package var events: [EventDTO]

    package init(model: String, events: [EventDTO]) {
        self.model = model
        self.events = events
    }
}

/// One line of a history, oldest first.
package struct EventDTO: Sendable, Hashable, Codable {
    package var at: Timestamp
    /// `imported`, `alias` or `endpoint`.
    package var kind: String
    /// The event in words: `champion: 2 -> 3`.
    package var text: String

    package init(at: Timestamp, kind: String, text: String) {
        self.at = at
        self.kind = kind
        self.text = text
    }
}

/// What garbage collection removed.
package struct GarbageDTO: Sendable, Hashable, Codable {
    package var versions: [String]
    package var blobs: Int
    package var bytesFreed: Int

    package init(versions: [String], blobs: Int, bytesFreed: Int) {
        self.versions = versions
        self.blobs = blobs
        self.bytesFreed = bytesFreed
    }
}
