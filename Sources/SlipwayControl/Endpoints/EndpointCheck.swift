// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// Decides whether a spec can be an endpoint's desired state: the one place with these rules.
package struct EndpointCheck: Sendable {
    /// Of every version that exists; a version that is not here counts as unknown.
    package var signatures: [VersionID: ModelSignature]
    /// Those of them that are language models.
    package var languageVersions: Set<VersionID>
    /// What the endpoint serves now; `nil` when nothing.
    package var inForce: EndpointSpec?
    package var allowsSignatureChange: Bool
    /// Features and outputs by version, of those that have a profile; `nil` when profiles were not looked up, and then
    /// names in rules are taken as they are.
    package var columns: [VersionID: [String]]?
    /// Names of the receivers of notices; `nil` when they are not known here.
    package var receivers: [String]?

    package init(
        signatures: [VersionID: ModelSignature], languageVersions: Set<VersionID> = [], inForce: EndpointSpec? = nil,
        allowsSignatureChange: Bool = false
    ) {
        self.signatures = signatures
        self.languageVersions = languageVersions
        self.inForce = inForce
        self.allowsSignatureChange = allowsSignatureChange
    }

    /// The most members of each list of a spec.
    package static let maximumEntries = 100

    /// Everything that is wrong with a spec, in its order; empty when it may be applied.
    package func problems(in spec: EndpointSpec) -> [SpecProblem] {
        let counts = [
            ("canaries", spec.canaries.count), ("rules", spec.rules.count), ("shadows", spec.shadows.count),
            ("rollout.steps", spec.rollout?.steps.count ?? 0),
            ("batching.preferredRows", spec.batching.preferredRows?.count ?? 0),
        ]
        let tooMany = counts.filter { $0.1 > Self.maximumEntries }.map { name, count in
            SpecProblem(name, "has \(count) entries, expected \(Self.maximumEntries) at most")
        }
        // Also bounds the time of what follows.
        guard tooMany.isEmpty else { return tooMany }
        var problems = unknownVersions(spec) + Self.canaryProblems(spec) + Self.keyProblems(spec)
        problems += Self.shadowProblems(spec) + Self.rolloutProblems(spec) + Self.executionProblems(spec)
        problems += languageProblems(spec) + monitoringProblems(spec)
        if !allowsSignatureChange { problems += signatureProblems(spec) }
        return problems
    }

    // MARK: Versions

    /// Each version of a spec with the first place that names it.
    static func places(_ spec: EndpointSpec) -> [(path: String, version: VersionID)] {
        [("primary", spec.primary)]
            + spec.canaries.enumerated().map { ("canaries[\($0)].version", $1.version) }
            + spec.rules.enumerated().map { ("rules[\($0)].version", $1.version) }
            + spec.shadows.enumerated().map { ("shadows[\($0)].version", $1.version) }
    }

    private func unknownVersions(_ spec: EndpointSpec) -> [SpecProblem] {
        Self.places(spec).filter { signatures[$0.version] == nil }.map {
            SpecProblem($0.path, "there is no version \($0.version)")
        }
    }

    /// Callers fit what is in force, and the new primary; every version may come to answer them.
    private func signatureProblems(_ spec: EndpointSpec) -> [SpecProblem] {
        var problems: [SpecProblem] = []
        for (path, version) in Self.places(spec) {
            guard let new = signatures[version] else { continue }
            for reference in [inForce?.primary, spec.primary] {
                guard let reference, reference != version, let old = signatures[reference] else { continue }
                let differences = SignatureCompatibility(from: old, to: new).differences
                guard !differences.isEmpty else { continue }
                let list = differences.joined(separator: ", ")
                problems.append(
                    SpecProblem(
                        path, "\(version) does not fit callers of \(reference): \(list)", isSignatureChange: true))
                break
            }
        }
        return problems
    }

    // MARK: Routes

    private static func canaryProblems(_ spec: EndpointSpec) -> [SpecProblem] {
        var problems: [SpecProblem] = []
        var seen: Set<VersionID> = []
        for (index, canary) in spec.canaries.enumerated() {
            if canary.version == spec.primary {
                problems.append(
                    SpecProblem("canaries[\(index)].version", "\(canary.version) is the primary already"))
            } else if !seen.insert(canary.version).inserted {
                problems.append(SpecProblem("canaries[\(index)].version", "\(canary.version) is named twice"))
            }
        }
        let sum = spec.canaries.reduce(0) { $0 + $1.share.basisPoints }
        if sum > Share.all.basisPoints {
            problems.append(
                SpecProblem(
                    "canaries[\(spec.canaries.count - 1)].share",
                    "the shares of the canaries are \(UnitText.number(Double(sum) / 100))% together, "
                        + "expected 100% at most"))
        }
        return problems
    }

    private static func keyProblems(_ spec: EndpointSpec) -> [SpecProblem] {
        var problems: [SpecProblem] = []
        for (index, rule) in spec.rules.enumerated() {
            if !isToken(rule.header) {
                problems.append(SpecProblem("rules[\(index)].header", "'\(rule.header)' is not a header's name"))
            } else if rule.header != rule.header.lowercased() {
                problems.append(SpecProblem("rules[\(index)].header", "write '\(rule.header.lowercased())'"))
            }
            if let value = rule.value, value.utf8.count > 1024 || value.unicodeScalars.contains(where: isControl) {
                problems.append(
                    SpecProblem("rules[\(index)].value", "is not a header's value: 1,024 bytes at most, no controls"))
            }
        }
        switch spec.sticky {
        case .header(let name)? where !isToken(name):
            problems.append(SpecProblem("sticky", "'\(name)' is not a header's name"))
        case .cookie(let name)? where !isToken(name):
            problems.append(SpecProblem("sticky", "'\(name)' is not a cookie's name"))
        default:
            break
        }
        return problems
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool { scalar.value < 0x20 || scalar.value == 0x7F }

    /// A token of RFC 9110, section 5.6.2, of at most 128 bytes.
    static func isToken(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                    UInt8(ascii: "A")...UInt8(ascii: "Z"):
                    true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }

    private static func shadowProblems(_ spec: EndpointSpec) -> [SpecProblem] {
        var problems: [SpecProblem] = []
        var seen: Set<VersionID> = []
        for (index, shadow) in spec.shadows.enumerated() {
            let path = "shadows[\(index)]"
            if shadow.version == spec.primary {
                problems.append(SpecProblem("\(path).version", "\(shadow.version) is the primary already"))
            } else if !seen.insert(shadow.version).inserted {
                problems.append(SpecProblem("\(path).version", "\(shadow.version) is named twice"))
            }
            guard let tolerance = shadow.tolerance else { continue }
            if !(tolerance >= 0 && tolerance.isFinite) {
                problems.append(SpecProblem("\(path).tolerance", "is \(tolerance), expected 0 or more"))
            } else if shadow.comparesTopClass {
                problems.append(
                    SpecProblem("\(path).tolerance", "has no meaning where only the top class is compared"))
            }
        }
        return problems
    }

    private static func rolloutProblems(_ spec: EndpointSpec) -> [SpecProblem] {
        guard let rollout = spec.rollout else { return [] }
        guard let canary = spec.canaries.first else {
            return [SpecProblem("rollout", "there is no canary to roll out")]
        }
        guard !rollout.steps.isEmpty else { return [SpecProblem("rollout.steps", "has no steps")] }
        var problems: [SpecProblem] = []
        let others = spec.canaries.dropFirst().reduce(0) { $0 + $1.share.basisPoints }
        for (index, step) in rollout.steps.enumerated() {
            let path = "rollout.steps[\(index)]"
            if !(step.holdSeconds >= 0 && step.holdSeconds <= longestSeconds) {
                problems.append(
                    SpecProblem("\(path).holdSeconds", "is \(step.holdSeconds), expected 0 seconds to a year"))
            }
            let previous = index == 0 ? Share.none : rollout.steps[index - 1].share
            if step.share <= previous {
                problems.append(
                    SpecProblem("\(path).share", "is \(step.share), expected more than \(previous) of the step before"))
            } else if step.share.basisPoints + others > Share.all.basisPoints {
                problems.append(SpecProblem("\(path).share", "leaves too little for the other canaries"))
            }
        }
        guard rollout.steps.indices.contains(rollout.position) else {
            return problems + [
                SpecProblem("rollout.position", "is \(rollout.position), expected 0 to \(rollout.steps.count - 1)")
            ]
        }
        let share = rollout.steps[rollout.position].share
        if canary.share != share {
            problems.append(
                SpecProblem("canaries[0].share", "is \(canary.share), but the rollout is at \(share)"))
        }
        return problems
    }

    static let longestSeconds = 366 * 86_400.0
}
