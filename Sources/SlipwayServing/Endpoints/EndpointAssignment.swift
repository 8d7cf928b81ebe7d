// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// What an endpoint is to serve, as one revision says.
package struct EndpointAssignment: Sendable, Hashable {
    package let endpoint: String
    package let revision: Int
    package let spec: EndpointSpec

    package init(endpoint: String, revision: Int, spec: EndpointSpec) {
        self.endpoint = endpoint
        self.revision = revision
        self.spec = spec
    }

    /// How each version of the spec is to be in memory, the primary first.
    var needs: [LoadNeed] { spec.versions.map(need) }

    var primaryNeed: LoadNeed { need(spec.primary) }

    func need(_ version: VersionID) -> LoadNeed {
        LoadNeed(
            version: version, engine: spec.engine, device: spec.device, precision: spec.precision ?? .f32,
            instances: spec.instances, language: spec.language)
    }
}

/// A version as it is to be in memory: two endpoints' revisions that need the same can use one load.
package struct LoadNeed: Sendable, Hashable {
    package let version: VersionID
    /// `nil` for the engine the version was imported for.
    package let engine: String?
    package let device: String
    package let precision: InferencePrecision
    /// `nil` for the server's default.
    package let instances: Int?
    /// How much a language model sets aside, and how it steps.
    package let language: LanguageSpec
}
