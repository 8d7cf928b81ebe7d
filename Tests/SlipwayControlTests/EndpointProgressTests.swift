// SPDX-License-Identifier: Apache-2.0

import SlipwayControl
import SlipwayCore
import SlipwayWire
import Testing

@Suite("Waiting for a revision")
struct EndpointProgressTests {
    private static func version(_ number: Int) -> VersionID { VersionID(model: "m", number: number) }

    /// Version 1 with version 2 beside it.
    private static func spec(_ change: (inout EndpointSpec) -> Void = { _ in }) -> EndpointSpec {
        var spec = EndpointSpec(primary: version(1))
        spec.canaries = [Canary(version: version(2), share: .none)]
        change(&spec)
        return spec
    }

    private static func replica(_ id: String, isAlive: Bool = true) -> ReplicaDTO {
        let instant = Timestamp(milliseconds: 0)
        return ReplicaDTO(
            id: id, host: "h", processID: 1, startedAt: instant, reportedAt: instant, isAlive: isAlive, addresses: [:])
    }

    private static func observed(
        _ replica: String = "a", revision: Int = 5, _ state: String = "ready", _ states: [String] = ["ready", "ready"],
        message: String? = nil
    ) -> ObservedDTO {
        let versions = states.enumerated().map { index, state in
            var observed = ObservedVersionDTO(version: version(index + 1), state: state, route: "any")
            if state == "failed" { observed.message = "no memory" }
            return observed
        }
        return ObservedDTO(
            replica: replica, revision: revision, version: version(1), state: state, message: message,
            versions: versions, notes: [])
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var spec: EndpointSpec? = EndpointProgressTests.spec()
        var replicas = [EndpointProgressTests.replica("a")]
        var observed = [EndpointProgressTests.observed()]
        let progress: EndpointProgress
    }

    static let cases: [Case] = [
        Case(testDescription: "everything is ready", progress: .settled),
        Case(testDescription: "a later revision is ready", observed: [observed(revision: 9)], progress: .settled),
        Case(
            testDescription: "one version is loading", observed: [observed("a", "ready", ["ready", "loading"])],
            progress: .waiting(["m:2 is loading on replica a"])),
        Case(
            testDescription: "one version is not there yet", observed: [observed("a", "ready", ["ready"])],
            progress: .waiting(["m:2 is not there on replica a"])),
        Case(
            testDescription: "versions are ready, but the endpoint does not route to them yet",
            observed: [observed("a", "loading")], progress: .waiting(["m:1 is loading on replica a"])),
        Case(
            testDescription: "the report is about an earlier revision", observed: [observed(revision: 4)],
            progress: .waiting(["replica a has not told about revision 5"])),
        Case(
            testDescription: "another replica has told nothing", replicas: [replica("a"), replica("b")],
            progress: .waiting(["replica b has not told about revision 5"])),
        Case(
            testDescription: "a dead replica does not count", replicas: [replica("a"), replica("b", isAlive: false)],
            progress: .settled),
        Case(
            testDescription: "a version failed", observed: [observed("a", "ready", ["ready", "failed"])],
            progress: .failed("replica a cannot serve it: m:2: no memory")),
        Case(
            testDescription: "the endpoint failed", observed: [observed("a", "failed", [], message: "no engine")],
            progress: .failed("replica a cannot serve it: no engine")),
        Case(
            testDescription: "a version failed that is no longer wanted", spec: EndpointSpec(primary: version(1)),
            observed: [observed("a", "ready", ["ready", "failed"])], progress: .settled),
        Case(
            testDescription: "versions come with their first request",
            spec: spec { $0.lifecycle.loading = .onDemand }, observed: [observed("a", "unloaded", ["unloaded"])],
            progress: .settled),
        Case(
            testDescription: "a replica of an earlier release is ready", observed: [observed("a", "ready", [])],
            progress: .settled),
        Case(
            testDescription: "a replica of an earlier release is loading", observed: [observed("a", "loading", [])],
            progress: .waiting(["m:1 is loading on replica a"])),
        Case(
            testDescription: "no replica is up any more", replicas: [replica("a", isAlive: false)],
            progress: .failed("nothing to wait for: no replica is up, slipway serve starts one")),
        Case(
            testDescription: "it was undeployed", spec: nil,
            progress: .failed("'e' was undeployed meanwhile, by revision 6")),
    ]

    @Test("ends when all is ready or cannot be, and else tells what is missing", arguments: cases)
    func progress(example: Case) {
        let revision = RevisionDTO(
            number: 6, spec: example.spec, createdAt: Timestamp(milliseconds: 0), reason: "deploy")
        let endpoint = EndpointDTO(name: "e", revision: revision, replicas: example.observed)
        #expect(EndpointProgress(of: endpoint, since: 5, replicas: example.replicas) == example.progress)
    }
}
