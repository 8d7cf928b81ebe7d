// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

extension EndpointSpec {
    /// The same with another primary; whatever was being tried out is over, but other shadows go on.
    func promoting(_ version: VersionID) -> EndpointSpec {
        var spec = self
        spec.primary = version
        spec.canaries = []
        spec.rollout = nil
        spec.shadows.removeAll { $0.version == version }
        return spec
    }

    /// Who answers, for people: `fraud:3, fraud:4 10%, fraud:5 shadow`.
    package var routeText: String {
        var parts = ["\(primary)"] + canaries.map { "\($0.version) \($0.share)" }
        parts += Set(rules.map(\.version)).sorted().map { "\($0) by rule" } + shadows.map { "\($0.version) shadow" }
        return parts.joined(separator: ", ")
    }
}
