// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
package import SlipwayRegistry

/// Writes a version into a folder, in a layout that other programs read.
///
/// Importing what was written gives a version with the same digest, except for weights alone.
package struct VersionExporter: Sendable {
    let store: any MetadataStore
    let artifacts: any ArtifactStore

    package init(store: any MetadataStore, artifacts: any ArtifactStore) {
        self.store = store
        self.artifacts = artifacts
    }

    /// - Parameters:
    ///   - folder: Made where it is missing; files in it are never replaced.
    ///   - progress: Called now and then with the fraction of bytes written, 0 to 1.
    /// - Throws: `ControlError` `unsupportedFormat` when the version cannot be had in that format, `RegistryError`
    ///   `conflict` when a file is there already; what was written is removed then.
    package func run(
        _ reference: ModelReference, as format: ExportFormat, to folder: String,
        options: ExportOptions = ExportOptions(), progress: @escaping @Sendable (Double) -> Void
    ) async throws -> ExportReport {
        let record = try await Registry(store: store).resolve(reference)
        let plan = try ExportPlan(record, as: format, options)
        let files = try await artifacts.withSharedAccess {
            // Hashes every blob on the way.
            let source = try await self.artifacts.checkOut(record.draft.files, bundle: record.digest)
            return try await BlockingFiles.run { flag in
                var writer = ExportWriter(folder: folder, progress: progress)
                do {
                    if format == .safetensors {
                        try writer.writeWeights(of: record, in: source, until: flag)
                    } else {
                        try writer.write(plan, from: source, until: flag)
                    }
                } catch {
                    writer.removeWritten()
                    throw error
                }
                return writer.files
            }
        }
        progress(1)
        return ExportReport(
            version: record.id, digest: record.digest, format: format, folder: folder, files: files, notes: plan.notes)
    }
}
