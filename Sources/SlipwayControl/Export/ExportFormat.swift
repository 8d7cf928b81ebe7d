// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
package import SlipwayWire

/// What a version can be exported as.
package enum ExportFormat: String, Sendable, Hashable, Codable, CaseIterable {
    /// The ONNX file and those it refers to.
    case onnx
    /// An OCI image layout with the media types of the CNCF's ModelPack.
    case oci
    /// A model of a Triton model repository.
    case triton
    /// What a KServe `storageUri` points at.
    case kserve
    /// The weights alone.
    case safetensors
    /// The version's files as they are, with a description.
    case folder
}

/// What was written.
package struct ExportReport: Sendable, Hashable, Codable {
    package var version: VersionID
    package var digest: Digest
    package var format: ExportFormat
    package var folder: String
    /// Paths below the folder, with their digests.
    package var files: [FileDTO]
    /// What people should know, a sentence each.
    package var notes: [String]
}

/// What the format leaves open.
package struct ExportOptions: Sendable, Hashable {
    /// Where KServe will find the folder; `nil` for a volume claim of the model's name.
    package var storageURI: String?

    package init(storageURI: String? = nil) { self.storageURI = storageURI }
}
