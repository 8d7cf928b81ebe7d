// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// What changes between two specs, value by value, in the words of endpoint files.
package struct SpecDiff: Sendable, Hashable {
    package struct Line: Sendable, Hashable, Codable, CustomStringConvertible {
        package enum Sign: String, Sendable, Hashable, Codable { case removed = "-", added = "+" }
        package let sign: Sign
        /// `batching.max_batch: 64`.
        package let text: String
        package var description: String { "\(sign.rawValue) \(text)" }
    }

    package let lines: [Line]

    /// - Parameter old: `nil` for an endpoint that serves nothing yet: everything is added.
    package init(from old: EndpointSpec?, to new: EndpointSpec) {
        let before = old.map(Self.fields) ?? []
        let after = Self.fields(new)
        var keys: [String] = []
        for key in (before + after).map(\.key) where !keys.contains(key) { keys.append(key) }
        let order = Self.order
        keys.sort { (order[$0] ?? 0) < (order[$1] ?? 0) }
        var lines: [Line] = []
        for key in keys {
            let gone = before.filter { $0.key == key }.map(\.value)
            let here = after.filter { $0.key == key }.map(\.value)
            guard gone != here else { continue }
            // Lists whose order counts have one value for all of their entries.
            lines += gone.filter { !here.contains($0) }.map { Line(sign: .removed, text: "\(key): \($0)") }
            lines += here.filter { !gone.contains($0) }.map { Line(sign: .added, text: "\(key): \($0)") }
        }
        if lines.isEmpty, let old, old != new {
            let what = old.canaries == new.canaries ? "entries" : "canaries"
            lines.append(Line(sign: .added, text: "\(what) in another order"))
        }
        self.lines = lines
    }

    private static let routeKeys = ["primary", "canary", "sticky", "rules", "shadow", "rollout"]
    private static let order = Dictionary(
        uniqueKeysWithValues: (routeKeys + SpecLeaf.all.map(\.label) + MonitoringText.keys).enumerated().map {
            ($1, $0)
        })

    private static func fields(_ spec: EndpointSpec) -> [(key: String, value: String)] {
        var fields = [(key: "primary", value: "\(spec.primary)")]
        fields += spec.canaries.map { ("canary", "\($0.version) \($0.share)") }
        if let sticky = spec.sticky { fields.append(("sticky", "\(sticky)")) }
        if !spec.rules.isEmpty {
            let rules = spec.rules.map { rule in
                "\(rule.header)\(rule.value.map { " = \($0)" } ?? "") -> \(rule.version)"
            }
            fields.append(("rules", rules.joined(separator: ", ")))
        }
        fields += spec.shadows.map { shadow in
            var text = "\(shadow.version) \(shadow.rate)"
            if let tolerance = shadow.tolerance { text += " tolerance \(tolerance)" }
            if shadow.comparesTopClass { text += " top-1" }
            return ("shadow", text)
        }
        if let rollout = spec.rollout {
            // A stored spec may be at any position.
            let place = "at \(rollout.position &+ 1) of \(rollout.steps.count)"
            fields.append(("rollout", "\(RolloutText.text(rollout.steps)) (\(place))"))
        }
        fields += MonitoringText.fields(of: spec.monitoring)
        for leaf in SpecLeaf.all {
            if let text = leaf.text(in: spec) { fields.append((leaf.label, text)) }
        }
        return fields
    }
}
