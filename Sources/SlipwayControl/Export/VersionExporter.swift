// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
import SlipwayEngine
import SlipwayRegistry
package import SlipwayWire

/// Writes a version into a folder, in a layout that other programs read.
///
/// Importing what was written gives a version with the same digest, except for weights alone.
package struct VersionExporter: Sendable {
    let admin: any AdminService

    /// - Parameter admin: Of the home that has the version, whether it is opened here or reached through a server.
    package init(admin: any AdminService) { self.admin = admin }

    /// - Parameters:
    ///   - folder: Made where it is missing; files in it are never replaced.
    ///   - progress: Called now and then with the fraction of bytes written, 0 to 1.
    /// - Throws: `ControlError` `unsupportedFormat` when the version cannot be had in that format, `RegistryError`
    ///   `conflict` when a file is there already, `corrupt` for bytes that are not those of the version; what was
    ///   written is removed then.
    package func run(
        _ reference: ModelReference, as format: ExportFormat, to folder: String,
        options: ExportOptions = ExportOptions(), progress: @escaping @Sendable (Double) -> Void
    ) async throws -> ExportReport {
        let record = try VersionRecord(try await admin.version(reference))
        let plan = try ExportPlan(record, as: format, options)
        // The number, not the name that may move on meanwhile.
        let version = ModelReference(name: record.id.model, selector: .version(record.id.number))
        let admin = admin
        let read: ExportWriter.Read = { digest, body in
            try await admin.readFile(digest, of: version, from: 0, body)
        }
        var writer = ExportWriter(folder: folder, read: read, progress: progress)
        do {
            if format == .safetensors {
                try await writer.writeWeights(of: record)
            } else {
                try await writer.write(plan)
            }
        } catch {
            await writer.removeWritten()
            throw error
        }
        progress(1)
        return ExportReport(
            version: record.id, digest: record.digest, format: format, folder: folder, files: writer.files,
            notes: plan.notes)
    }
}

extension VersionRecord {
    /// What an administration tells of a version, as a registry has it.
    ///
    /// - Throws: ``ControlError`` `unsupportedFormat` for a format that this build does not know, `unreadable` where
    ///   what is told does not hold together.
    fileprivate init(_ version: VersionDTO) throws {
        guard let format = ModelFormat(rawValue: version.format) else {
            throw ControlError(
                .unsupportedFormat,
                "\(version.id) is of the format '\(version.format.prefix(40))', which this build "
                    + "does not know: use the server's own version of slipway")
        }
        let files = version.files.map { BundleFile(path: $0.path, digest: $0.digest, byteCount: $0.byteCount) }
        try BundlePath.check(files)
        guard let primary = version.primaryPath ?? files.first?.path, files.contains(where: { $0.path == primary }),
            BundleDigest.of(files: files) == version.digest
        else {
            throw ControlError(.unreadable, "\(version.id) has another digest than the list of its files")
        }
        self.init(
            id: version.id, createdAt: version.createdAt,
            draft: VersionDraft(
                model: version.model, digest: version.digest, format: format, engine: version.engine,
                signature: version.signature, files: files, primaryPath: primary,
                lineage: Lineage(
                    sourceName: version.source.name, sourceDigest: version.source.digest,
                    parent: version.source.parent, recipe: version.source.recipe),
                metadata: version.metadata))
    }
}
