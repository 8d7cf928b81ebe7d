// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// One endpoint of a file: a spec whose versions are still references.
package struct EndpointDraft: Sendable {
    struct Route: Sendable, Hashable {
        var reference: ModelReference
        var weight: Share?
        var line: Int
    }

    package let name: String
    /// Where the endpoint begins, from 1.
    package let line: Int
    var routes: [Route] = []
    /// Beside each of the settings' rules and shadows, the version it names.
    var ruleReferences: [ModelReference] = []
    var shadowReferences: [ModelReference] = []
    /// The versions that guards fall back to, by the guard's place.
    var fallbackReferences: [(guard: Int, reference: ModelReference)] = []
    /// Everything but versions, which are placeholders.
    var settings = EndpointSpec(primary: Self.placeholder)
    /// Lines by the spec's paths, from 1.
    var lines: [String: Int] = [:]

    static let placeholder = VersionID(model: "", number: 0)

    /// Every version that the endpoint names, in order, each with its place in the spec.
    package var references: [(path: String, reference: ModelReference)] {
        routes.enumerated().map { ($0 == 0 ? "primary" : "canaries[\($0 - 1)].version", $1.reference) }
            + ruleReferences.enumerated().map { ("rules[\($0)].version", $1) }
            + shadowReferences.enumerated().map { ("shadows[\($0)].version", $1) }
            + fallbackReferences.map { ("monitoring.guards[\($0.guard)].fallback", $0.reference) }
    }

    /// The spec with its versions; `nil` when a reference is missing or there is no route.
    package func spec(resolving versions: [ModelReference: VersionID]) -> EndpointSpec? {
        var spec = settings
        guard references.allSatisfy({ versions[$0.reference] != nil }) else { return nil }
        let routed = routes.compactMap { route in versions[route.reference].map { (version: $0, weight: route.weight) }
        }
        guard let first = routed.first else { return nil }
        spec.primary = first.version
        spec.canaries = routed.dropFirst().enumerated().map { index, route in
            let rolledOut = index == 0 ? settings.rollout?.steps.first?.share : nil
            return Canary(version: route.version, share: route.weight ?? rolledOut ?? .none)
        }
        for (index, reference) in ruleReferences.enumerated() {
            if let version = versions[reference] { spec.rules[index].version = version }
        }
        for (index, reference) in shadowReferences.enumerated() {
            if let version = versions[reference] { spec.shadows[index].version = version }
        }
        for (index, reference) in fallbackReferences {
            spec.monitoring.guards[index].fallback = versions[reference]
        }
        return spec
    }

    /// The line of a spec's path, or of what it is a part of.
    func line(of path: String) -> Int {
        var rest = path[...]
        while !rest.isEmpty {
            if let line = lines[String(rest)] { return line }
            guard let cut = rest.lastIndex(where: { $0 == "." || $0 == "[" }) else { break }
            rest = rest[..<cut]
        }
        return line
    }
}
