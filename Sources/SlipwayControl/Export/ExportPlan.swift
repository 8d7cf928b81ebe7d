// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayRegistry

/// What is to be written for an export; decided from the record alone, before anything is read.
struct ExportPlan: Sendable, Hashable {
    /// A file of the bundle and where it goes.
    struct Copy: Sendable, Hashable {
        let file: BundleFile
        let path: String
    }

    /// A file that is made for the export.
    struct Text: Sendable, Hashable {
        let path: String
        let bytes: [UInt8]
    }

    var copies: [Copy] = []
    var texts: [Text] = []
    var notes: [String] = []

    /// - Throws: ``ControlError`` `unsupportedFormat` when the version cannot be had in that format.
    init(_ record: VersionRecord, as format: ExportFormat, _ options: ExportOptions) throws(ControlError) {
        switch format {
        case .onnx:
            try Self.require([.onnx], record, "as ONNX")
            copies = Self.files(record, below: "")
        case .folder:
            copies = Self.files(record, below: "")
            texts = [try Self.description(record)]
        case .triton: self = try TritonExport.plan(record)
        case .kserve: self = try KServeExport.plan(record, options)
        case .oci: self = try OCIExport.plan(record)
        case .safetensors: try Self.require([.onnx], record, "as safetensors")
        }
    }

    init() {}

    /// Every file of the bundle under its own path.
    static func files(_ record: VersionRecord, below folder: String) -> [Copy] {
        record.draft.files.map { Copy(file: $0, path: folder + $0.path) }
    }

    static func require(
        _ formats: [ModelFormat], _ record: VersionRecord, _ what: String
    ) throws(ControlError) {
        guard formats.contains(record.draft.format) else {
            throw ControlError(
                .unsupportedFormat,
                "\(record.id) is \(record.draft.format.displayName), which is not exported \(what): "
                    + "use --format folder or oci")
        }
    }

    /// What the registry knows of the version, for people and programs; imports pass it over.
    static func description(_ record: VersionRecord) throws(ControlError) -> Text {
        Text(path: "slipway.json", bytes: try ExportJSON.bytes(VersionDescription(record)))
    }
}

/// What `slipway.json` says.
private struct VersionDescription: Encodable {
    let model: String
    let version: Int
    let digest: Digest
    let format: ModelFormat
    let engine: String
    let createdAt: Timestamp
    let primaryPath: String
    let signature: ModelSignature
    let files: [BundleFile]
    let lineage: Lineage
    let metadata: [String: String]

    init(_ record: VersionRecord) {
        model = record.id.model
        version = record.id.number
        digest = record.digest
        format = record.draft.format
        engine = record.draft.engine
        createdAt = record.createdAt
        primaryPath = record.draft.primaryPath
        signature = record.draft.signature
        files = record.draft.files
        lineage = record.draft.lineage
        metadata = record.draft.metadata
    }
}
