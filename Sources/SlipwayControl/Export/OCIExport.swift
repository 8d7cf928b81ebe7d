// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayRegistry
import SlipwaySecurity

/// An OCI image layout with one manifest: each file of the version is a layer as it is, neither packed nor compressed.
enum OCIExport {
    static func plan(_ record: VersionRecord) throws(ControlError) -> ExportPlan {
        var plan = ExportPlan()
        var layers: [OCIDescriptor] = []
        var blobs: Set<String> = []
        for file in record.draft.files {
            layers.append(
                descriptor(OCIMediaType.weight, digest: file.digest, size: file.byteCount, path: file.path))
            // Equal files are one blob.
            if blobs.insert(file.digest.hex).inserted {
                plan.copies.append(.init(file: file, path: blobPath(file.digest)))
            }
        }
        let description = try ExportPlan.description(record)
        layers.append(add(description.bytes, OCIMediaType.weightConfig, path: description.path, &plan, &blobs))
        let config = add(try ExportJSON.bytes(config(record, layers)), OCIMediaType.config, path: nil, &plan, &blobs)
        let annotations = [
            OCIAnnotation.title: record.id.model, OCIAnnotation.version: String(record.id.number),
            OCIAnnotation.created: "\(record.createdAt)", OCIAnnotation.digest: "\(record.digest)",
        ]
        let manifest = OCIManifest(
            artifactType: OCIMediaType.model, config: config, layers: layers, annotations: annotations)
        var entry = add(try ExportJSON.bytes(manifest), OCIMediaType.manifest, path: nil, &plan, &blobs)
        entry.artifactType = OCIMediaType.model
        entry.annotations = [OCIAnnotation.referenceName: String(record.id.number)]
        plan.texts.append(.init(path: "index.json", bytes: try ExportJSON.bytes(OCIIndex(manifests: [entry]))))
        plan.texts.append(.init(path: "oci-layout", bytes: try ExportJSON.bytes(OCILayoutVersion())))
        return plan
    }

    static func blobPath(_ digest: Digest) -> String { "blobs/sha256/" + digest.hex }

    private static func descriptor(_ type: String, digest: Digest, size: Int, path: String?) -> OCIDescriptor {
        OCIDescriptor(
            mediaType: type, digest: "sha256:" + digest.hex, size: size,
            annotations: path.map { [OCIAnnotation.filePath: $0] })
    }

    /// Adds a blob that is made here.
    private static func add(
        _ bytes: [UInt8], _ type: String, path: String?, _ plan: inout ExportPlan, _ blobs: inout Set<String>
    ) -> OCIDescriptor {
        let digest = SHA256Hasher.digest(of: bytes)
        if blobs.insert(digest.hex).inserted { plan.texts.append(.init(path: blobPath(digest), bytes: bytes)) }
        return descriptor(type, digest: digest, size: bytes.count, path: path)
    }

    private static func config(_ record: VersionRecord, _ layers: [OCIDescriptor]) -> OCIModelConfig {
        let facts = record.draft.metadata
        let license = facts["license"]
        return OCIModelConfig(
            descriptor: .init(
                createdAt: "\(record.createdAt)", name: record.id.model, version: String(record.id.number),
                licenses: license.map { [$0] }),
            // Layers that are not packed are their own uncompressed form.
            modelfs: .init(diffIds: layers.map(\.digest)),
            config: .init(
                architecture: facts["gguf.architecture"], format: record.draft.format.rawValue,
                quantization: facts["gguf.quantisation"]))
    }
}
