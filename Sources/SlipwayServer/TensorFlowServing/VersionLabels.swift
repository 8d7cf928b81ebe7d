// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
package import SlipwayServing
package import SlipwayWire

/// What TensorFlow Serving calls version labels: the aliases of the model behind an endpoint.
package struct VersionLabels: Sendable {
    let service: InferenceService
    let admin: any AdminService

    package init(service: InferenceService, admin: any AdminService) {
        self.service = service
        self.admin = admin
    }

    /// The number of the version that `label` names; whether that version is loaded is for the endpoint to say.
    ///
    /// - Throws: `ServingError` `unknownEndpoint`, `RegistryError` `notFound` for an unknown alias,
    ///   ``SlipwayCore/ReferenceError`` for one that cannot be.
    package func version(_ label: String, of endpoint: String) async throws -> Int {
        let status = try service.endpoint(endpoint).status()
        try ModelReference.checkName(label)
        let model = (status.serving ?? status.wanted)?.model ?? endpoint
        return try await admin.version(ModelReference(name: model, selector: .alias(label))).version
    }
}
