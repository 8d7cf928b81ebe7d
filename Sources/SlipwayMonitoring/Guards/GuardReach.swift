// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// What a guard can do to an endpoint as it is.
struct GuardReach {
    private let action: GuardSpec.Action
    private let fallback: VersionID?
    private let spec: EndpointSpec

    init(_ guardSpec: GuardSpec, _ spec: EndpointSpec) {
        action = guardSpec.action
        fallback = guardSpec.fallback
        self.spec = spec
    }

    /// Whether the action would do something about the alert.
    func concerns(_ alert: Alert) -> Bool {
        let version = alert.key.version
        let canaries = spec.canaries.map(\.version)
        // A shadow answers nobody.
        let answering = [spec.primary] + canaries + spec.rules.map(\.version)
        switch action {
        case .stopRollout:
            return spec.rollout != nil && (version == nil || version == canaries.first)
        case .shiftTraffic:
            return !canaries.isEmpty && version.map(canaries.contains) ?? true
        case .rollBack:
            return version.map(answering.contains) ?? true
        case .fallback:
            guard let fallback else { return false }
            guard spec.primary != fallback || !canaries.isEmpty else { return false }
            return version.map { $0 != fallback && answering.contains($0) } ?? true
        case .page, .retrain:
            return true
        }
    }

    /// Why nothing is done.
    var nothingToDo: String {
        switch action {
        case .stopRollout: "no rollout of that version is under way"
        case .shiftTraffic: "that version is no canary"
        case .rollBack: "that version answers nobody any more"
        case .fallback: "the fallback serves already"
        case .page, .retrain: "nobody is to be told"
        }
    }

    func reason(_ alerts: [Alert]) -> String {
        let first = alerts.min { $0.startedAt < $1.startedAt }
        let more = alerts.count > 1 ? " and \(alerts.count - 1) more" : ""
        return "\(first?.rule ?? ""): \(first?.summary ?? "")\(more)"
    }
}

extension GuardSpec.Action {
    /// Whether it makes a revision of the endpoint.
    package var changesRoutes: Bool {
        switch self {
        case .stopRollout, .shiftTraffic, .rollBack, .fallback: true
        case .page, .retrain: false
        }
    }
}
