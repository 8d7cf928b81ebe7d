// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// The media types of an OCI image layout and of the CNCF's ModelPack.
///
/// Formats: https://github.com/opencontainers/image-spec, https://github.com/modelpack/model-spec
enum OCIMediaType {
    static let index = "application/vnd.oci.image.index.v1+json"
    static let manifest = "application/vnd.oci.image.manifest.v1+json"
    static let model = "application/vnd.cncf.model.manifest.v1+json"
    static let config = "application/vnd.cncf.model.config.v1+json"
    static let weight = "application/vnd.cncf.model.weight.v1.raw"
    static let weightConfig = "application/vnd.cncf.model.weight.config.v1.raw"
    /// What all weights have, packed or not.
    static let weightPrefix = "application/vnd.cncf.model.weight.v1."
}

enum OCIAnnotation {
    static let filePath = "org.cncf.model.filepath"
    static let title = "org.opencontainers.image.title"
    static let version = "org.opencontainers.image.version"
    static let created = "org.opencontainers.image.created"
    static let referenceName = "org.opencontainers.image.ref.name"
    /// The digest of the version, as Slipway counts it.
    static let digest = "slipway.version.digest"
}

/// A blob, as others refer to it.
struct OCIDescriptor: Codable, Sendable, Hashable {
    var mediaType: String
    var digest: String
    var size: Int
    var artifactType: String?
    var annotations: [String: String]?
}

struct OCIManifest: Codable, Sendable, Hashable {
    var schemaVersion = 2
    var mediaType: String? = OCIMediaType.manifest
    var artifactType: String?
    var config: OCIDescriptor
    var layers: [OCIDescriptor]
    var annotations: [String: String]?
}

struct OCIIndex: Codable, Sendable, Hashable {
    var schemaVersion = 2
    var mediaType: String? = OCIMediaType.index
    var manifests: [OCIDescriptor]
}

struct OCILayoutVersion: Codable, Sendable, Hashable {
    static let current = "1.0.0"
    var imageLayoutVersion = current
}

/// ModelPack's configuration; its schema allows no other members.
struct OCIModelConfig: Codable, Sendable, Hashable {
    struct Descriptor: Codable, Sendable, Hashable {
        var createdAt: String?
        var name: String?
        var version: String?
        var licenses: [String]?
    }

    struct FileSystem: Codable, Sendable, Hashable {
        var type = "layers"
        var diffIds: [String]
    }

    struct Model: Codable, Sendable, Hashable {
        var architecture: String?
        var format: String?
        var quantization: String?
    }

    var descriptor: Descriptor
    var modelfs: FileSystem
    var config: Model
}
