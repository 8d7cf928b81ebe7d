// SPDX-License-Identifier: Apache-2.0

import SlipwayControl
import SlipwayCore
import SlipwayRegistry
import SlipwayTestKit
import SlipwayWire
import Testing

@Suite("Plans of endpoint files")
struct EndpointFilePlanTests {
    /// Versions 1 to 5 of `m`, which fit the same callers; `m@live` is 2.
    private func home() async throws -> TestHome {
        let home = try TestHome()
        try await home.importVersions(5)
        _ = try await home.control.setAlias("live", of: "m", to: 2)
        return home
    }

    private func version(_ number: Int) -> VersionID { VersionID(model: "m", number: number) }

    private func plan(
        _ text: String, _ home: TestHome, allowsSignatureChange: Bool = false
    ) async throws -> EndpointFilePlan {
        try await EndpointFilePlan.make(
            try EndpointFile.parse(text, name: "f"), through: home.control,
            allowsSignatureChange: allowsSignatureChange)
    }

    private func lines(_ text: String, _ home: TestHome) async throws -> [String] {
        do {
            _ = try await plan(text, home)
            return []
        } catch let error as ControlError {
            #expect(error.category == .invalidInput)
            return error.message.split(separator: "\n").map(String.init)
        }
    }

    @Test("tell what is new, changed and unchanged, value by value, and change only that")
    func diff() async throws {
        let home = try await home()
        let control = home.control
        for endpoint in ["a", "b", "other"] {
            _ = try await control.deploy(DeployRequest(reference: "m:1"), to: endpoint)
        }
        let plan = try await plan(
            """
            endpoints:
              c: {routes: [{version: m}], cache: 1KiB}
              a: {routes: [{version: "m:1"}]}
              b:
                routes: [{version: m@live, weight: 90%}, {version: "m:3", weight: 10%}]
                shadow: [{version: "m:4"}]
                instances: 2
                batching: {max_delay: 2ms, preferred: [8, 16]}
            """, home)
        #expect(plan.changes.map(\.endpoint) == ["c", "a", "b"])
        #expect(plan.changes.map(\.kind) == [.new, .unchanged, .changed])
        #expect(plan.changes.map(\.revision) == [0, 1, 1])
        #expect(
            plan.changes.map { $0.diff.map(\.description) } == [
                ["+ primary: m:5", "+ device: cpu", "+ instances: auto", "+ cache: 1KiB"], [],
                [
                    "- primary: m:1", "+ primary: m:2", "+ canary: m:3 10%", "+ shadow: m:4 100%", "- instances: auto",
                    "+ instances: 2", "+ batching.preferred: [8, 16]", "+ batching.max_delay: 2ms",
                ],
            ])
        // A plan alone changes nothing.
        #expect(try await control.endpoints().map(\.revision.number) == [1, 1, 1])
        let outcomes = await plan.apply(through: control)
        #expect(outcomes.map { $0.endpoint?.revision.number } == [1, nil, 2])
        #expect(outcomes.allSatisfy { $0.failure == nil })
        #expect(try await control.endpoint("b").revision.reason == "apply")
        #expect(try await control.endpoint("b").revision.spec == plan.changes[2].spec)
        #expect(try await control.endpoints().map(\.name) == ["a", "b", "c", "other"])
        #expect(try await control.endpoint("other").revision.number == 1)
    }

    @Test("applied again change nothing")
    func idempotent() async throws {
        let home = try await home()
        let text = EndpointFileTests.full.replacing("fraud@challenger", with: "m:4").replacing(
            "fraud@sha256:0123ab", with: "m:2"
        )
        .replacing("\"fraud:", with: "\"m:").replacing("version: fraud}", with: "version: m}")
        .replacing("version: small", with: "version: m").replacing("device: cuda", with: "device: cpu")
        .replacing("\"m:5\", rate", with: "\"m:1\", rate").replacing(", tokens_per_minute: 1000000", with: "")
        .replacing(EndpointFileTests.languageLine, with: "").replacing("score_output: y, ", with: "")
        let first = try await plan(text, home)
        #expect(first.changes.map(\.kind) == [.new, .new])
        #expect(await first.apply(through: home.control).allSatisfy { $0.endpoint != nil })
        let second = try await plan(text, home)
        #expect(second.changes.map(\.kind) == [.unchanged, .unchanged])
        #expect(await second.apply(through: home.control).allSatisfy { $0.endpoint == nil && $0.failure == nil })
        #expect(try await home.store.revisions(of: "fraud").count == 1)
    }

    @Test("let a rollout that is under way go on")
    func rolloutProgress() async throws {
        let home = try await home()
        let text = """
            endpoints:
              e:
                routes: [{version: "m:1"}, {version: "m:2"}]
                rollout: [{weight: 1%, hold: 1m}, {weight: 50%, hold: 1m}]
            """
        _ = await (try await plan(text, home)).apply(through: home.control)
        var rollouts = RolloutPlan()
        let spec = try #require(try await home.control.endpoint("e").revision.spec)
        let start = ContinuousClock.now
        _ = rollouts.next(spec, revision: 1, isReady: true, now: start)
        let action = rollouts.next(spec, revision: 1, isReady: true, now: start + .seconds(60))
        guard case .advance(let advanced, let reason) = action else {
            Issue.record("\(action)")
            return
        }
        try await home.control.apply(advanced, to: "e", expected: 1, reason: reason, allowSignatureChange: false)
        #expect(try await plan(text, home).changes.map(\.kind) == [.unchanged])
        // Other steps are another rollout.
        let other = try await plan(text.replacing("50%", with: "60%"), home)
        #expect(other.changes.map(\.spec.rollout?.position) == [0])
        #expect(
            other.changes.first?.diff.map(\.description) == [
                "- canary: m:2 50%", "+ canary: m:2 1%", "- rollout: 1%:1m,50%:1m (at 2 of 2)",
                "+ rollout: 1%:1m,60%:1m (at 1 of 2)",
            ])
    }

    @Test("leave a rollout that has finished as it ended, and only change what else differs")
    func finishedRollout() async throws {
        let home = try await home()
        let text = """
            endpoints:
              e:
                routes: [{version: "m:1"}, {version: "m:2"}]
                rollout: [{weight: 10%, hold: 1m}]
            """
        _ = await (try await plan(text, home)).apply(through: home.control)
        _ = try await home.control.promote("e", version: nil)
        let again = try await plan(text, home)
        #expect(again.changes.map(\.kind) == [.unchanged])
        #expect(again.changes.map(\.spec.primary) == [version(2)])
        let other = try await plan(text + "\n    instances: 2\n", home)
        #expect(other.changes.map { $0.diff.map(\.description) } == [["- instances: auto", "+ instances: 2"]])
        #expect(await other.apply(through: home.control).first?.endpoint?.revision.version == version(2))
        // Without a rollout, or towards another version, the file is what is wanted.
        let reverted = try await plan("endpoints: {e: {routes: [{version: \"m:1\"}]}}", home)
        #expect(reverted.changes.map(\.spec.primary) == [version(1)])
        let next = try await plan(text.replacing("m:2", with: "m:3").replacing("m:1", with: "m:2"), home)
        #expect(next.changes.map(\.spec.canaries.first?.version) == [version(3)])
        // After a rollback the file begins the rollout again.
        _ = try await home.control.rollback("e", to: nil)
        _ = try await home.control.deploy(DeployRequest(reference: "m:1"), to: "e")
        #expect(try await plan(text, home).changes.map(\.spec.rollout?.position) == [0])
        #expect(
            try await lines(text.replacing("m:1", with: "m:2"), home) == ["f:3: routes: m:2 is the primary already"])
    }

    @Test("an undeployed endpoint is new, after its last revision")
    func undeployed() async throws {
        let home = try await home()
        _ = try await home.control.deploy(DeployRequest(reference: "m:1"), to: "e")
        _ = try await home.control.undeploy("e")
        let plan = try await plan("endpoints: {e: {routes: [{version: \"m:1\"}]}}", home)
        #expect(plan.changes.map(\.kind) == [.new])
        #expect(plan.changes.map(\.revision) == [2])
        #expect(await plan.apply(through: home.control).first?.endpoint?.revision.number == 3)
    }

    @Test("tell a conflict and go on with the others")
    func conflict() async throws {
        let home = try await home()
        let plan = try await plan(
            "endpoints:\n  a: {routes: [{version: \"m:1\"}]}\n  b: {routes: [{version: \"m:1\"}]}\n", home)
        _ = try await home.control.deploy(DeployRequest(reference: "m:2"), to: "a")
        let outcomes = await plan.apply(through: home.control)
        #expect((outcomes[0].failure as? RegistryError)?.code == .conflict)
        #expect(outcomes[0].endpoint == nil)
        #expect(outcomes[1].endpoint?.revision.number == 1)
        #expect(try await home.control.endpoint("a").revision.version == version(2))
    }

    @Test("tell what only the registry knows with the line, all of it, and change nothing")
    func refused() async throws {
        let home = try await home()
        try await home.importIdentity(.int64)
        let found = try await lines(
            """
            endpoints:
              a:
                routes: [{version: nobody}]
                instances: 2000
              b:
                routes:
                  - {version: "m:1", weight: 50%}
                  - version: m@gone
                    weight: 50%
              c:
                routes:
                  - {version: "m:1", weight: 50%}
                  - {version: "m:1", weight: 25%}
                  - {version: "m:6", weight: 25%}
                shadow:
                  - version: "m:1"
                    tolerance: -1
                limits:
                  rows: 4
                batching:
                  max_batch: 8
                  preferred: [4, 16]
                lifecycle: {pinned: true, idle_unload: 1m}
                client_quota:
                  tokens_per_minute: 5
              d: {routes: [{version: "m:2"}], rollout: [{weight: 1%, hold: 1m}]}
            """, home)
        #expect(
            found == [
                "f:3: there is no model 'nobody', there are [m]",
                "f:8: model 'm' has no alias 'gone', it has [live]: 'slipway alias m gone VERSION' makes it",
                "f:13: routes: m:1 is the primary already",
                "f:14: routes: m:6 does not fit callers of m:1: input 'x' was FP32 [b,n1] and is INT64 [b,n], "
                    + "output 'y' was FP32 [b,n1] and is INT64 [b,n]; --allow-signature-change does it all the same",
                "f:16: shadow: m:1 is the primary already",
                "f:17: shadow: is -1.0, expected 0 or more",
                "f:19: limits.rows: is 4, below the 8 rows that one call may have",
                "f:22: batching.preferred: has 16, above the 8 rows that one call may have",
                "f:23: lifecycle.idle_unload: unloads a version that is pinned: leave one of them out",
                "f:25: client_quota.tokens_per_minute: cannot be kept: m:1 is no language model and has no tokens; "
                    + "limit requests or rows",
                "f:26: rollout: there is no canary to roll out",
            ])
        #expect(try await home.control.endpoints() == [])
    }

    @Test("compare signatures with what is in force, unless told not to")
    func signatures() async throws {
        let home = try await home()
        try await home.importIdentity(.int64)
        _ = try await home.control.deploy(DeployRequest(reference: "m:1"), to: "e")
        let text = "endpoints: {e: {routes: [{version: \"m:6\"}]}}"
        #expect(try await lines(text, home).first?.hasPrefix("f:1: routes: m:6 does not fit callers of m:1: ") == true)
        let plan = try await plan(text, home, allowsSignatureChange: true)
        #expect(await plan.apply(through: home.control).first?.endpoint?.revision.version == version(6))
    }
}
