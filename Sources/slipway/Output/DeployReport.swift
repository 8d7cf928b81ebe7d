// SPDX-License-Identifier: Apache-2.0

import SlipwayWire

/// What came of a change to an endpoint.
enum DeployReport {
    static func print(_ endpoint: EndpointDTO, _ admin: any AdminService) async throws {
        let version = endpoint.revision.version.map { "\($0)" } ?? "nothing"
        Swift.print("\(endpoint.name) -> \(version) (revision \(endpoint.revision.number))")
        if endpoint.replicas.isEmpty, try await !admin.replicas().contains(where: \.isAlive) {
            Console.note("no replica is up: slipway serve starts one")
        }
    }

    /// Waits until every live replica has reported the revision as ready, or as failed.
    ///
    /// - Throws: ``ValidationFailure`` when a replica cannot serve it, or none is up.
    static func settled(_ change: EndpointDTO, _ admin: any AdminService) async throws -> EndpointDTO {
        while true {
            guard try await admin.replicas().contains(where: \.isAlive) else {
                throw ValidationFailure("nothing to wait for: no replica is up, slipway serve starts one")
            }
            let endpoint = try await admin.endpoint(change.name)
            let news = endpoint.replicas.filter { $0.revision >= change.revision.number }
            if let failed = news.first(where: { $0.state == "failed" }) {
                throw ValidationFailure(
                    "replica \(failed.replica) cannot serve it: \(failed.message ?? "no reason told")")
            }
            if !news.isEmpty, news.count == endpoint.replicas.count, news.allSatisfy({ $0.state == "ready" }) {
                return endpoint
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }
}
