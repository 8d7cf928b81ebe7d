// SPDX-License-Identifier: Apache-2.0

/// What `GET /v2` answers.
package struct V2ServerMetadata: Sendable {
    package var name: String
    package var version: String
    package var extensions: [String]

    /// The extensions that this server implements, spelled as Triton spells them.
    package static let implementedExtensions = [
        "classification", "model_repository", "schedule_policy", "model_configuration", "binary_tensor_data",
        "parameters", "statistics", "trace", "logging",
    ]

    package init(
        name: String = "slipway", version: String, extensions: [String] = Self.implementedExtensions
    ) {
        self.name = name
        self.version = version
        self.extensions = extensions
    }

    package func encode() -> [UInt8] {
        var json = JSONWriter()
        json.object {
            $0.member("name", name)
            $0.member("version", version)
            $0.member("extensions", extensions)
        }
        return json.bytes
    }
}
