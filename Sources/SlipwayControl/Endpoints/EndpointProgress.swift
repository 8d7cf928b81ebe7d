// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
package import SlipwayWire

/// How far the live replicas are with a revision of an endpoint, as they report it.
package enum EndpointProgress: Sendable, Hashable {
    /// Every live replica has every version of what is in force ready.
    case settled
    /// What is missing, a few words each; not empty.
    case waiting([String])
    /// It will not come to that: why.
    case failed(String)

    /// - Parameters:
    ///   - endpoint: As it is now; a revision that came later counts as well.
    ///   - revision: The one that is waited for.
    ///   - replicas: Every replica, read before `endpoint`.
    package init(of endpoint: EndpointDTO, since revision: Int, replicas: [ReplicaDTO]) {
        guard let spec = endpoint.revision.spec else {
            self = .failed("'\(endpoint.name)' was undeployed meanwhile, by revision \(endpoint.revision.number)")
            return
        }
        let alive = replicas.filter(\.isAlive).map(\.id)
        guard !alive.isEmpty else {
            self = .failed("nothing to wait for: no replica is up, slipway serve starts one")
            return
        }
        var missing: [String] = []
        for replica in alive {
            guard let observed = endpoint.replicas.first(where: { $0.replica == replica }),
                observed.revision >= revision
            else {
                missing.append("replica \(replica) has not told about revision \(revision)")
                continue
            }
            if let reason = Self.failure(of: observed, spec) {
                self = .failed("replica \(replica) cannot serve it: \(reason)")
                return
            }
            missing += Self.missing(in: observed, spec).map { "\($0) on replica \(replica)" }
        }
        self = missing.isEmpty ? .settled : .waiting(missing)
    }

    private static func failure(of observed: ObservedDTO, _ spec: EndpointSpec) -> String? {
        if observed.state == "failed" { return observed.message ?? "no reason told" }
        let wanted = spec.versions
        return observed.versions.first { $0.state == "failed" && wanted.contains($0.version) }
            .map { "\($0.version): \($0.message ?? "no reason told")" }
    }

    private static func missing(in observed: ObservedDTO, _ spec: EndpointSpec) -> [String] {
        // What is loaded by the next request will not be ready before that.
        if spec.lifecycle.loading == .onDemand || observed.state == "cold" { return [] }
        let endpoint = observed.state == "ready" ? [] : ["\(observed.version) is \(observed.state)"]
        // Replicas of earlier releases tell of the endpoint alone.
        if observed.versions.isEmpty { return endpoint }
        let versions = spec.versions.compactMap { version -> String? in
            let state = observed.versions.first { $0.version == version }?.state ?? "not there"
            return state == "ready" ? nil : "\(version) is \(state)"
        }
        return versions.isEmpty ? endpoint : versions
    }
}
