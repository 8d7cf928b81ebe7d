// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
package import SlipwayWire

/// What a file changes in the endpoints there are.
///
/// Made and carried out through an ``AdminService``, so it works in the home as through a server. Endpoints that
/// the file does not name stay as they are.
package struct EndpointFilePlan: Sendable {
    package enum Kind: String, Sendable, Hashable, Codable { case new, changed, unchanged }

    package struct Change: Sendable, Hashable {
        package let endpoint: String
        package let kind: Kind
        /// The revision it was compared with; 0 when there was none.
        package let revision: Int
        package let spec: EndpointSpec
        package let diff: [SpecDiff.Line]
    }

    /// What came of one change.
    package struct Outcome: Sendable {
        package let change: Change
        /// The endpoint after it, or why it stays as it was; unchanged ones have neither.
        package let endpoint: EndpointDTO?
        package let failure: (any Error)?
    }

    package let changes: [Change]
    package let allowsSignatureChange: Bool

    /// Resolves references, checks every spec and compares it with the one in force.
    ///
    /// - Throws: `ControlError` `invalidRequest` with the line of everything that is wrong; errors of `admin` that
    ///   are about something else.
    package static func make(
        _ file: EndpointFile, through admin: any AdminService, allowsSignatureChange: Bool
    ) async throws -> EndpointFilePlan {
        var facts = try await Facts(admin: admin)
        var problems = FileProblems()
        var changes: [Change] = []
        for draft in file.endpoints {
            if let change = try await change(draft, &facts, &problems, allowsSignatureChange) { changes.append(change) }
        }
        if let error = problems.error(file: file.name) { throw error }
        return EndpointFilePlan(changes: changes, allowsSignatureChange: allowsSignatureChange)
    }

    private static func change(
        _ draft: EndpointDraft, _ facts: inout Facts, _ problems: inout FileProblems, _ allowsSignatureChange: Bool
    ) async throws -> Change? {
        for (path, reference) in draft.references {
            if let failure = try await facts.resolve(reference) { problems.add(draft.line(of: path), failure) }
        }
        guard var spec = draft.spec(resolving: facts.versions) else { return nil }
        let current = try await facts.revision(of: draft.name)
        spec = keepingProgress(spec, of: current?.spec)
        if let primary = current?.spec?.primary {
            // A version of the revision in force is there; should it vanish just now, nothing is compared with it.
            _ = try await facts.resolve(ModelReference(name: primary.model, selector: .version(primary.number)))
        }
        var check = EndpointCheck(
            signatures: facts.signatures, languageVersions: facts.languageVersions, inForce: current?.spec,
            allowsSignatureChange: allowsSignatureChange)
        if spec.monitoring.rules.contains(where: { !$0.subjects.isEmpty }) {
            check.columns = try await facts.columns(of: spec.versions)
        }
        let found = check.problems(in: spec)
        for problem in found {
            let hint = problem.isSignatureChange ? "; --allow-signature-change does it all the same" : ""
            problems.add(draft.line(of: problem.path), "\(label(problem.path)): \(problem.message)\(hint)")
        }
        guard found.isEmpty else { return nil }
        let kind: Kind = current?.spec == nil ? .new : current?.spec == spec ? .unchanged : .changed
        return Change(
            endpoint: draft.name, kind: kind, revision: current?.number ?? 0, spec: spec,
            diff: kind == .unchanged ? [] : SpecDiff(from: current?.spec, to: spec).lines)
    }

    /// A rollout that is under way goes on, and one that has finished stays finished, though the file tells where it
    /// began.
    private static func keepingProgress(_ wanted: EndpointSpec, of current: EndpointSpec?) -> EndpointSpec {
        guard let current, let rollout = wanted.rollout, let canary = wanted.canaries.first?.version else {
            return wanted
        }
        guard let progress = current.rollout else {
            let isFinished = current.primary == canary && wanted.primary != canary
            return isFinished ? wanted.promoting(canary) : wanted
        }
        guard progress.steps == rollout.steps, current.primary == wanted.primary,
            let share = current.canaries.first?.share, current.canaries.first?.version == canary
        else { return wanted }
        var spec = wanted
        spec.rollout = progress
        spec.canaries[0].share = share
        return spec
    }

    /// What the file calls a member of the spec.
    private static func label(_ path: String) -> String {
        if let leaf = SpecLeaf.all.first(where: { $0.path == path }) { return leaf.label }
        let words = [
            ("primary", "routes"), ("canaries", "routes"), ("shadows", "shadow"), ("rules", "rules"),
            ("rollout", "rollout"), ("sticky", "sticky"),
        ]
        return words.first { path.hasPrefix($0.0) }?.1 ?? path
    }

    /// Applies what is new or changed, one revision per endpoint; one that fails does not keep the others from it.
    package func apply(through admin: any AdminService) async -> [Outcome] {
        var outcomes: [Outcome] = []
        for change in changes {
            guard change.kind != .unchanged else {
                outcomes.append(Outcome(change: change, endpoint: nil, failure: nil))
                continue
            }
            let request = EndpointSpecRequest(
                spec: change.spec, expectedRevision: change.revision, allowSignatureChange: allowsSignatureChange)
            do {
                let endpoint = try await admin.apply(request, to: change.endpoint)
                outcomes.append(Outcome(change: change, endpoint: endpoint, failure: nil))
            } catch {
                outcomes.append(Outcome(change: change, endpoint: nil, failure: error))
            }
        }
        return outcomes
    }
}

/// What was asked of the registry already.
private struct Facts {
    let admin: any AdminService
    var versions: [ModelReference: VersionID] = [:]
    var signatures: [VersionID: ModelSignature] = [:]
    var languageVersions: Set<VersionID> = []
    private var failures: [ModelReference: String] = [:]
    private var profiled: Set<VersionID> = []
    private var profiles: [VersionID: [String]] = [:]
    private let deployed: [String: RevisionDTO]

    init(admin: any AdminService) async throws {
        self.admin = admin
        deployed = try await admin.endpoints().reduce(into: [:]) { $0[$1.name] = $1.revision }
    }

    /// - Returns: Why the reference names nothing; `nil` when it does.
    mutating func resolve(_ reference: ModelReference) async throws -> String? {
        if versions[reference] != nil { return nil }
        if let failure = failures[reference] { return failure }
        do {
            let version = try await admin.version(reference)
            versions[reference] = version.id
            signatures[version.id] = version.signature
            if ModelFormat(rawValue: version.format)?.isLanguage == true { languageVersions.insert(version.id) }
            return nil
        } catch let error as any SlipwayError where [.notFound, .conflict, .invalidInput].contains(error.category) {
            failures[reference] = error.message
            return error.message
        }
    }

    /// Features and outputs of the versions that have a profile; `nil` where nobody can tell.
    mutating func columns(of versions: [VersionID]) async throws -> [VersionID: [String]]? {
        for version in versions where profiled.insert(version).inserted {
            do {
                let reference = ModelReference(name: version.model, selector: .version(version.number))
                let profile = try await admin.profile(of: reference)
                profiles[version] = (profile.features + profile.outputs).map(\.name)
            } catch let error as any SlipwayError where error.category == .notFound {
                // Columns then have the names that the signature gives them.
            } catch let error as any SlipwayError where error.category == .unsupported {
                return nil
            }
        }
        return profiles
    }

    /// `nil` when there never was such an endpoint.
    func revision(of endpoint: String) async throws -> RevisionDTO? {
        if let revision = deployed[endpoint] { return revision }
        do {
            return try await admin.endpoint(endpoint).revision
        } catch let error as any SlipwayError where error.category == .notFound {
            return nil
        }
    }
}
