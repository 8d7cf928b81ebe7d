// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import Synchronization

/// What requests to an endpoint follow: the revision in force and the versions that are ready.
final class RouteTable: Sendable {
    let assignment: EndpointAssignment
    let versions: [VersionID: LoadedVersion]
    let settings: RequestSettings
    private let router: TrafficRouter
    /// Whether a request's way depends on a draw.
    private let draws: Bool
    private let drawn = Atomic<UInt64>(0)
    private let seed = UInt64.random(in: .min ... .max)

    init(_ assignment: EndpointAssignment, versions: [VersionID: LoadedVersion]) {
        self.assignment = assignment
        self.versions = versions
        let spec = assignment.spec
        settings = RequestSettings(spec)
        router = TrafficRouter(endpoint: assignment.endpoint, spec: spec)
        draws = !spec.canaries.isEmpty || !spec.shadows.isEmpty || !spec.rules.isEmpty
    }

    var primary: LoadedVersion? { versions[assignment.spec.primary] }

    /// Where a request goes; `nil` when the version is not ready after all.
    func route(_ caller: Caller, conversation: String? = nil) -> RouteChoice? {
        guard draws else { return primary.map { choice($0, .primary, []) } }
        let decision = router.route(
            RouteFacts(client: caller.identity, conversation: conversation, header: caller.header), draw: draw(),
            isReady: { versions[$0] != nil })
        return versions[decision.version].map { choice($0, decision.kind, decision.shadows) }
    }

    private func choice(_ version: LoadedVersion, _ kind: RouteKind, _ shadows: [Shadow]) -> RouteChoice {
        RouteChoice(version: version, kind: kind, shadows: shadows, settings: settings)
    }

    /// 64 random bits: the next of a sequence that no caller can foresee, without a system call for each.
    private func draw() -> UInt64 {
        let index = drawn.wrappingAdd(1, ordering: .relaxed).newValue
        var generator = SplitMix64(seed: seed &+ index &* 0x9E37_79B9_7F4A_7C15)
        return generator.next()
    }
}

/// The version that answers a request, why, and who gets a copy.
struct RouteChoice: Sendable {
    let version: LoadedVersion
    let kind: RouteKind
    let shadows: [Shadow]
    let settings: RequestSettings
}

/// What an endpoint says about each of its requests.
struct RequestSettings: Sendable {
    /// The deadline of requests that name none; `nil` for none.
    var usualTimeout: Duration?
    /// Whether requests are measured by how long they would wait.
    var boundsWait = false
    /// Whether inputs are kept, a few, to warm up the next version with.
    var recordsInputs = false
}

extension RequestSettings {
    init(_ spec: EndpointSpec) {
        usualTimeout = spec.limits.deadlineMs.map { .bounded(milliseconds: $0) }
        boundsWait = spec.limits.waitMs != nil
        recordsInputs = spec.lifecycle.warmUp == .recorded
    }
}
