// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
package import SlipwayRegistry
import SlipwayWire

/// Compares what the registry promises with what is on disk.
package struct RegistryDoctor: Sendable {
    /// One thing that was looked at.
    package struct Finding: Sendable, Hashable, Codable {
        package enum Severity: String, Sendable, Hashable, Codable { case ok, warning, problem }
        package let severity: Severity
        /// What was looked at: `registry`, `blobs`.
        package let subject: String
        package let text: String

        package init(_ severity: Severity, _ subject: String, _ text: String) {
            self.severity = severity
            self.subject = subject
            self.text = text
        }
    }

    let store: any MetadataStore
    let artifacts: any ArtifactStore

    package init(store: any MetadataStore, artifacts: any ArtifactStore) {
        self.store = store
        self.artifacts = artifacts
    }

    /// - Parameter repair: Also removes orphaned blobs and leftovers of interrupted imports. Damage to blobs that
    ///   versions need cannot be repaired here; it is told.
    package func examine(repair: Bool) async throws -> [Finding] {
        let rows = try await store.integrityProblems().map { Finding(.problem, "registry", $0) }
        let needed = try await store.referencedBlobs()
        var findings = rows.isEmpty ? [Finding(.ok, "registry", "rows are consistent")] : rows
        findings += try await damage(to: needed)
        let orphans = try await artifacts.blobs().filter { !needed.contains($0.digest) }
        if orphans.isEmpty {
            findings.append(Finding(.ok, "blobs", "no orphans"))
        } else if !repair {
            let bytes = orphans.reduce(0) { $0 + $1.byteCount }
            findings.append(
                Finding(
                    .warning, "blobs", "\(orphans.count) orphans, \(bytes) bytes: slipway doctor --repair removes them")
            )
        }
        if repair {
            let removed = try await GarbageCollector(store: store, artifacts: artifacts).run(keep: nil)
            findings.append(
                Finding(.ok, "repair", "removed \(removed.blobs) orphaned blobs, freed \(removed.bytesFreed) bytes"))
        }
        return findings
    }

    private func damage(to needed: Set<Digest>) async throws -> [Finding] {
        var findings: [Finding] = []
        for digest in needed.sorted(by: { $0.hex < $1.hex }) {
            do {
                try await artifacts.verify(digest)
            } catch let error as RegistryError where [.corrupt, .notFound].contains(error.code) {
                findings.append(Finding(.problem, "blobs", error.message))
            }
        }
        return findings.isEmpty ? [Finding(.ok, "blobs", "\(needed.count) verified")] : findings
    }
}
