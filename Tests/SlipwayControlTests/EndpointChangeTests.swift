// SPDX-License-Identifier: Apache-2.0

import SlipwayControl
import SlipwayCore
import SlipwayRegistry
import SlipwayTestKit
import SlipwayWire
import Testing

@Suite("Administration: routes of an endpoint")
struct EndpointChangeTests {
    /// Versions 1 to 5 of `m`, which fit the same callers.
    private func home() async throws -> TestHome {
        let home = try TestHome()
        try await home.importVersions(5)
        return home
    }

    private func version(_ number: Int) -> VersionID { VersionID(model: "m", number: number) }

    private func share(_ percent: Double) throws -> Share { try #require(Share(percent: percent)) }

    private func request(_ number: Int, _ change: (inout DeployRequest) -> Void = { _ in }) -> DeployRequest {
        var request = DeployRequest(reference: "m:\(number)")
        change(&request)
        return request
    }

    private func refusal(_ body: () async throws -> Void) async throws -> any SlipwayError {
        do {
            try await body()
        } catch let error as any SlipwayError {
            return error
        }
        throw Expected.refusal
    }

    private enum Expected: Error { case refusal }

    @Test("a plain deploy replaces the primary and ends what is tried out, and keeps all settings")
    func plainDeploy() async throws {
        let home = try await home()
        let control = home.control
        var spec = EndpointSpec(primary: version(1), engine: "onnxruntime", instances: 3)
        spec.canaries = [Canary(version: version(2), share: try share(10))]
        spec.rollout = Rollout(steps: [Rollout.Step(share: try share(10), holdSeconds: 60)])
        spec.rules = [HeaderRule(header: "x-beta", value: nil, version: version(4))]
        spec.sticky = .client
        spec.shadows = [Shadow(version: version(3)), Shadow(version: version(5))]
        spec.batching.maximumRows = 8
        spec.limits.requests = 9
        spec.lifecycle.isPinned = true
        spec.cacheBytes = 100
        _ = try await control.apply(EndpointSpecRequest(spec: spec), to: "e")
        let deployed = try await control.deploy(request(3), to: "e").revision
        var expected = spec
        expected.primary = version(3)
        expected.canaries = []
        expected.rollout = nil
        expected.shadows = [Shadow(version: version(5))]
        #expect(deployed.spec == expected)
        #expect(deployed.reason == "deploy")
        let changed = try await control.deploy(
            request(3) {
                $0.instances = .automatic
                $0.maximumRows = 16
                $0.sticky = .cookie("session")
            }, to: "e"
        ).revision
        expected.instances = nil
        expected.batching.maximumRows = 16
        expected.sticky = .cookie("session")
        #expect(changed.spec == expected)
    }

    @Test("what is undeployed begins anew")
    func deployAfterUndeploy() async throws {
        let home = try await home()
        _ = try await home.control.deploy(request(1) { $0.maximumRows = 8 }, to: "e")
        _ = try await home.control.undeploy("e")
        let spec = try await home.control.deploy(request(2), to: "e").revision.spec
        #expect(spec == EndpointSpec(primary: version(2)))
    }

    @Test("a canary takes its share beside the primary, and the next one takes its place")
    func canary() async throws {
        let control = try await home().control
        _ = try await control.deploy(request(1), to: "e")
        let share = try share(10)
        let first = try await control.deploy(request(2) { $0.canary = share }, to: "e").revision
        #expect(first.spec?.primary == version(1))
        #expect(first.spec?.canaries == [Canary(version: version(2), share: share)])
        #expect(first.reason == "canary m:2 10%")
        let second = try await control.deploy(request(3) { $0.canary = .all }, to: "e").revision
        #expect(second.spec?.canaries == [Canary(version: version(3), share: .all)])
        // Deploying the primary again ends the trial.
        let ended = try await control.deploy(request(1), to: "e").revision
        #expect(ended.spec == EndpointSpec(primary: version(1)))
    }

    @Test("a rollout begins with its first step")
    func rollout() async throws {
        let control = try await home().control
        _ = try await control.deploy(request(1), to: "e")
        let steps = [
            Rollout.Step(share: try share(1), holdSeconds: 60), Rollout.Step(share: try share(50), holdSeconds: 60),
        ]
        let revision = try await control.deploy(request(2) { $0.rollout = steps }, to: "e").revision
        #expect(revision.spec?.canaries == [Canary(version: version(2), share: steps[0].share)])
        #expect(revision.spec?.rollout == Rollout(steps: steps))
        #expect(revision.reason == "canary m:2 1% (rollout 1 of 2)")
        let fixed = try await control.deploy(request(2) { $0.canary = .all }, to: "e").revision
        #expect(fixed.spec?.rollout == nil)
    }

    @Test("a shadow stands beside the routes, once")
    func shadow() async throws {
        let control = try await home().control
        _ = try await control.deploy(request(1), to: "e")
        let share = try share(10)
        _ = try await control.deploy(request(2) { $0.canary = share }, to: "e")
        _ = try await control.deploy(request(3) { $0.shadow = .all }, to: "e")
        let revision = try await control.deploy(request(3) { $0.shadow = share }, to: "e").revision
        #expect(revision.spec?.canaries.map(\.version) == [version(2)])
        #expect(revision.spec?.shadows == [Shadow(version: version(3), rate: share)])
        #expect(revision.reason == "shadow m:3 10%")
    }

    @Test("what cannot stand beside anything, or contradicts itself, is refused and changes nothing")
    func refusedDeploys() async throws {
        let home = try await home()
        let control = home.control
        let requests = [
            request(1) { $0.canary = .all }, request(1) { $0.shadow = .all }, request(1) { $0.rollout = [] },
            request(1) { $0.maximumRows = 0 }, request(1) { $0.sticky = .header("a b") },
        ]
        for request in requests {
            #expect(try await refusal { _ = try await control.deploy(request, to: "e") }.category == .invalidInput)
        }
        #expect(try await home.store.revisions(of: "e") == [])
        _ = try await control.deploy(request(1), to: "e")
        let others = [
            request(1) { $0.canary = .all }, request(1) { $0.shadow = .all }, request(2) { $0.rollout = [] },
            request(2) {
                $0.canary = .all
                $0.shadow = .all
            },
        ]
        for request in others {
            #expect(try await refusal { _ = try await control.deploy(request, to: "e") }.category == .invalidInput)
        }
        #expect(try await home.store.revisions(of: "e").count == 1)
    }

    @Test("a version that callers do not fit needs a word")
    func signatureChange() async throws {
        let home = try await home()
        let control = home.control
        try await home.importIdentity(.int64)
        _ = try await control.deploy(request(1), to: "e")
        for change in [{ _ in }, { $0.canary = .all }, { $0.shadow = .all }] as [(inout DeployRequest) -> Void] {
            let error = try await refusal { _ = try await control.deploy(request(6, change), to: "e") }
            #expect(error.category == .conflict)
            #expect(error.message.contains("input 'x' was FP32 [b,n1] and is INT64 [b,n]"))
            #expect(error.message.contains("--allow-signature-change"))
        }
        let allowed = try await control.deploy(
            request(6) {
                $0.canary = .all
                $0.allowSignatureChange = true
            }, to: "e")
        #expect(allowed.revision.spec?.canaries.first?.version == version(6))
        // It was let in as a canary.
        #expect(try await control.promote("e", version: nil).revision.version == version(6))
        // And out again: rollback asks for nothing.
        #expect(try await control.rollback("e", to: 1).revision.version == version(1))
    }

    @Test("promoting makes the canary the primary")
    func promote() async throws {
        let control = try await home().control
        _ = try await control.deploy(request(1), to: "e")
        _ = try await control.deploy(request(3) { $0.shadow = .all }, to: "e")
        _ = try await control.deploy(request(2) { $0.canary = .all }, to: "e")
        let promoted = try await control.promote("e", version: nil).revision
        #expect(promoted.spec?.primary == version(2))
        #expect(promoted.spec?.canaries == [])
        #expect(promoted.spec?.shadows.map(\.version) == [version(3)])
        #expect(promoted.reason == "promote m:2")
        // A shadow is promoted by its name, and is none after that.
        let named = try await control.promote("e", version: try ModelReference(parsing: "m:3")).revision
        #expect(named.spec == EndpointSpec(primary: version(3)))
    }

    @Test("promoting ends a rollout")
    func promoteRollout() async throws {
        let control = try await home().control
        _ = try await control.deploy(request(1), to: "e")
        let step = Rollout.Step(share: try share(1), holdSeconds: 60)
        _ = try await control.deploy(request(2) { $0.rollout = [step] }, to: "e")
        let promoted = try await control.promote("e", version: nil).revision.spec
        #expect(promoted == EndpointSpec(primary: version(2)))
    }

    @Test("promoting is refused where it is not clear what is meant")
    func refusedPromotions() async throws {
        let home = try await home()
        let control = home.control
        let two = try ModelReference(parsing: "m:2")
        #expect(try await refusal { _ = try await control.promote("e", version: nil) }.category == .notFound)
        _ = try await control.deploy(request(1), to: "e")
        for version in [nil, two, try ModelReference(parsing: "m:1")] {
            #expect(
                try await refusal { _ = try await control.promote("e", version: version) }.category == .invalidInput)
        }
        #expect(
            try await refusal { _ = try await control.promote("e", version: ModelReference(parsing: "m:9")) }
                .category == .notFound)
        var spec = EndpointSpec(primary: version(1))
        spec.canaries = [2, 3].map { Canary(version: version($0), share: .none) }
        _ = try await control.apply(EndpointSpecRequest(spec: spec), to: "e")
        let several = try await refusal { _ = try await control.promote("e", version: nil) }
        #expect(several.message.contains("[m:2, m:3]"))
        #expect(try await control.promote("e", version: two).revision.version == version(2))
        _ = try await control.undeploy("e")
        #expect(try await refusal { _ = try await control.promote("e", version: two) }.category == .invalidInput)
    }

    @Test("applies a whole spec where the expected revision is in force")
    func apply() async throws {
        let home = try await home()
        let control = home.control
        var spec = EndpointSpec(primary: version(1))
        spec.limits.quota = LimitSpec.Quota(rowsPerMinute: 5)
        for expected in [1, -1] {
            let request = EndpointSpecRequest(spec: spec, expectedRevision: expected)
            #expect(try await refusal { _ = try await control.apply(request, to: "e") }.category == .conflict)
        }
        let made = try await control.apply(EndpointSpecRequest(spec: spec, expectedRevision: 0), to: "e")
        #expect(made.revision.spec == spec && made.revision.reason == "apply")
        let again = EndpointSpecRequest(spec: spec, expectedRevision: 0)
        #expect(try await refusal { _ = try await control.apply(again, to: "e") }.category == .conflict)
        let step = try await control.apply(
            spec, to: "e", expected: 1, reason: "rollout 2 of 4: 25%", allowSignatureChange: false)
        #expect(step.number == 2 && step.reason == "rollout 2 of 4: 25%")
        spec.primary = version(9)
        spec.instances = 0
        let error = try await refusal { _ = try await control.apply(EndpointSpecRequest(spec: spec), to: "e") }
        #expect(error.category == .invalidInput)
        #expect(error.message.contains("primary: there is no version m:9; instances: is 0"))
        await #expect(throws: ReferenceError.self) {
            _ = try await control.apply(EndpointSpecRequest(spec: spec), to: "a/b")
        }
    }

    @Test("many who deploy, undeploy and roll back at the same time get their revision or a reason")
    func concurrentChanges() async throws {
        let home = try await home()
        let control = home.control
        let made = try await withThrowingTaskGroup(of: Bool.self) { group in
            for index in 0..<120 {
                let request = request(index % 5 + 1)
                group.addTask {
                    do {
                        switch index % 3 {
                        case 0: _ = try await control.deploy(request, to: "e")
                        case 1: _ = try await control.undeploy("e")
                        default: _ = try await control.rollback("e", to: nil)
                        }
                        return true
                    } catch let error as RegistryError where error.code == .notFound {
                        // Undeployed already, or nothing to go back to.
                        return index % 3 == 0
                    }
                }
            }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(made >= 40)
        #expect(try await home.store.revisions(of: "e").map(\.number) == Array(1...made))
    }

    @Test("changes of several processes that overlap all get through")
    func concurrentProcesses() async throws {
        let home = try await home()
        // Each has a queue of its own, as processes have.
        let controls = (0..<4).map { _ in
            HomeControl(store: home.store, artifacts: home.artifacts, engines: [], clock: home.clock.reading)
        }
        let requests = (1...2).map { request($0) }
        let canary = request(3) { $0.canary = .all }
        for request in requests { _ = try await controls[0].deploy(request, to: "e") }
        let spec = EndpointSpec(primary: version(4))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<120 {
                let control = controls[index % 4]
                group.addTask {
                    switch index / 4 % 4 {
                    case 0: _ = try await control.deploy(requests[index % 2], to: "e")
                    case 1: _ = try await control.apply(EndpointSpecRequest(spec: spec), to: "e")
                    case 2: _ = try await control.deploy(canary, to: "e")
                    default: _ = try await control.rollback("e", to: nil)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await home.store.revisions(of: "e").map(\.number) == Array(1...122))
    }

    @Test("many who deploy at the same time all get their revision")
    func concurrentDeploys() async throws {
        let home = try await home()
        let control = home.control
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<40 {
                let request = request(index % 5 + 1)
                group.addTask { _ = try await control.deploy(request, to: "e") }
            }
            try await group.waitForAll()
        }
        #expect(try await home.store.revisions(of: "e").map(\.number) == Array(1...40))
    }

    @Test("versions in any role are protected from deletion and garbage collection")
    func protection() async throws {
        let home = try await home()
        let control = home.control
        var spec = EndpointSpec(primary: version(1))
        spec.canaries = [Canary(version: version(2), share: .none)]
        spec.rules = [HeaderRule(header: "a", value: nil, version: version(3))]
        spec.shadows = [Shadow(version: version(4))]
        _ = try await control.apply(EndpointSpecRequest(spec: spec), to: "e")
        for number in 1...4 {
            let reference = ModelReference(name: "m", selector: .version(number))
            #expect(try await refusal { _ = try await control.deleteVersion(reference) }.category == .conflict)
        }
        #expect(try await control.collectGarbage(keep: 0).versions == ["m:5"])
        let events = try await control.history(of: "m").events.map(\.text)
        #expect(events.last == "e revision 1 (apply): - -> m:1, m:2 0%, m:3 by rule, m:4 shadow")
    }

    @Test("shows each version's state, notes and the division of cores")
    func observed() async throws {
        let home = try await home()
        _ = try await home.control.deploy(request(1), to: "e")
        var observed = ObservedVersion(version: version(1), state: "ready", route: "primary")
        observed.message = "fine"
        observed.lanes = 2
        observed.threadsPerCall = 3
        observed.residentBytes = 4
        observed.inFlight = 5
        observed.batching = "up to 64 rows"
        try await home.store.report(
            ReplicaRecord(
                id: "r", host: "h", processID: 1, startedAt: home.clock.now, reportedAt: home.clock.now, addresses: [:],
                endpoints: [
                    ObservedEndpoint(
                        endpoint: "e", revision: 1, version: version(1), state: "ready", message: nil,
                        versions: [observed], notes: ["a note"])
                ], cores: CoreShares(cores: 8, eventLoops: 1, lanes: 3, threadsPerCall: 2)))
        let shown = try #require(try await home.control.endpoint("e").replicas.first)
        var expected = ObservedVersionDTO(version: version(1), state: "ready", route: "primary")
        expected.message = "fine"
        expected.lanes = 2
        expected.threadsPerCall = 3
        expected.residentBytes = 4
        expected.inFlight = 5
        expected.batching = "up to 64 rows"
        #expect(shown.versions == [expected])
        #expect(shown.notes == ["a note"])
        #expect(
            try await home.control.replicas().first?.cores
                == CoreSharesDTO(cores: 8, eventLoops: 1, lanes: 3, threadsPerCall: 2))
    }
}
