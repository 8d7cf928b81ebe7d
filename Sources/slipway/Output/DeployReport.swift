// SPDX-License-Identifier: Apache-2.0

import SlipwayControl
import SlipwayCore
import SlipwayWire

/// What came of a change to an endpoint.
enum DeployReport {
    static func print(_ endpoint: EndpointDTO, _ admin: any AdminService) async throws {
        let version = endpoint.revision.version.map { "\($0)" } ?? "nothing"
        let canaries = (endpoint.revision.spec?.canaries ?? []).map { ", canary \($0.version) \($0.share)" }
        let shadows = (endpoint.revision.spec?.shadows ?? []).map { ", shadow \($0.version) \($0.rate)" }
        let others = (canaries + shadows).joined()
        Swift.print("\(endpoint.name) -> \(version)\(others) (revision \(endpoint.revision.number))")
        if endpoint.replicas.isEmpty, try await !admin.replicas().contains(where: \.isAlive) {
            Console.note("no replica is up: slipway serve starts one")
        }
    }

    /// Waits until every live replica has every version of the revision ready.
    ///
    /// - Throws: ``ValidationFailure`` when a replica cannot serve it, none is up, the endpoint was undeployed, or it
    ///   takes too long.
    static func settled(_ change: EndpointDTO, _ admin: any AdminService) async throws -> EndpointDTO {
        let end = ContinuousClock.now + longestWait
        while true {
            let replicas = try await admin.replicas()
            let endpoint = try await admin.endpoint(change.name)
            switch EndpointProgress(of: endpoint, since: change.revision.number, replicas: replicas) {
            case .settled:
                return endpoint
            case .failed(let reason):
                throw ValidationFailure(reason)
            case .waiting(let missing) where ContinuousClock.now >= end:
                throw ValidationFailure(
                    "stopped waiting after 10 minutes: \(missing.joined(separator: ", ")); revision "
                        + "\(endpoint.revision.number) stays in force, "
                        + "'slipway status \(change.name)' shows how far it is")
            case .waiting:
                try await Task.sleep(for: .milliseconds(50))
            }
        }
    }

    private static let longestWait: Duration = .seconds(600)
}
