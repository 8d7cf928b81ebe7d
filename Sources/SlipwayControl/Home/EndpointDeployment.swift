// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayRegistry
import SlipwayWire

/// Decides what a deploy request or a promotion makes of the spec in force.
struct EndpointDeployment {
    let endpoint: String
    /// What the endpoint serves now; `nil` when nothing.
    let current: EndpointSpec?

    /// A new spec and why it is made.
    struct Change: Equatable {
        var spec: EndpointSpec
        var reason: String
    }

    /// - Throws: `ControlError` `invalidRequest` when the request contradicts itself, or asks for a canary or a shadow
    ///   where nothing is deployed.
    func deploy(_ version: VersionID, _ request: DeployRequest) throws(ControlError) -> Change {
        let isCanary = request.canary != nil || request.rollout != nil
        guard !isCanary || request.shadow == nil else {
            throw ControlError(
                .invalidRequest, "a version is either a canary or a shadow: leave out one of canary and shadow")
        }
        var change: Change
        if isCanary {
            change = try canary(version, request)
        } else if let rate = request.shadow {
            change = try shadow(version, rate: rate)
        } else {
            var spec = current ?? EndpointSpec(primary: version)
            spec = spec.promoting(version)
            change = Change(spec: spec, reason: "deploy")
        }
        if let engine = request.engine { change.spec.engine = engine }
        if let device = request.device { change.spec.device = device }
        if let precision = request.precision { change.spec.precision = precision }
        if let instances = request.instances { change.spec.instances = instances.number }
        if let sticky = request.sticky { change.spec.sticky = sticky }
        if let rows = request.maximumRows { change.spec.batching.maximumRows = rows }
        return change
    }

    private func canary(_ version: VersionID, _ request: DeployRequest) throws(ControlError) -> Change {
        guard var spec = current else { throw nothingInForce("a canary") }
        spec.rollout = request.rollout.map { Rollout(steps: $0) }
        let share = request.canary ?? request.rollout?.first?.share ?? .none
        spec.canaries = [Canary(version: version, share: share)]
        spec.shadows.removeAll { $0.version == version }
        let steps = request.rollout.map { " (rollout 1 of \($0.count))" } ?? ""
        return Change(spec: spec, reason: "canary \(version) \(share)\(steps)")
    }

    private func shadow(_ version: VersionID, rate: Share) throws(ControlError) -> Change {
        guard var spec = current else { throw nothingInForce("a shadow") }
        if let index = spec.shadows.firstIndex(where: { $0.version == version }) {
            spec.shadows[index].rate = rate
        } else {
            spec.shadows.append(Shadow(version: version, rate: rate))
        }
        return Change(spec: spec, reason: "shadow \(version) \(rate)")
    }

    private func nothingInForce(_ role: String) -> ControlError {
        ControlError(
            .invalidRequest,
            "endpoint '\(endpoint)' serves nothing that \(role) could stand beside: deploy a version first")
    }

    /// - Parameter version: Which version is to be the primary; `nil` for the only canary.
    /// - Throws: `ControlError` `invalidRequest` when there is none, or it is not clear which.
    func promote(_ version: VersionID?) throws(ControlError) -> Change {
        guard let current else {
            throw ControlError(.invalidRequest, "endpoint '\(endpoint)' is not deployed: there is nothing to promote")
        }
        let candidates = current.versions.filter { $0 != current.primary }
        let known = candidates.map(\.description).joined(separator: ", ")
        let promoted: VersionID
        if let version {
            guard version != current.primary else {
                throw ControlError(.invalidRequest, "\(version) is the primary of '\(endpoint)' already")
            }
            guard candidates.contains(version) else {
                throw ControlError(
                    .invalidRequest,
                    "\(version) is neither canary nor shadow of '\(endpoint)', there are [\(known)]: "
                        + "'slipway deploy \(version) --as \(endpoint)' deploys it")
            }
            promoted = version
        } else {
            guard let only = current.canaries.first?.version else {
                let hint = known.isEmpty ? "" : ": name one of [\(known)]"
                throw ControlError(.invalidRequest, "endpoint '\(endpoint)' has no canary to promote\(hint)")
            }
            guard current.canaries.count == 1 else {
                throw ControlError(
                    .invalidRequest, "endpoint '\(endpoint)' has several canaries: name one of [\(known)]")
            }
            promoted = only
        }
        return Change(spec: current.promoting(promoted), reason: "promote \(promoted)")
    }
}
