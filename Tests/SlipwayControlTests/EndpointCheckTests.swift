// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SlipwayControl
import SlipwayCore
import Testing

@Suite("Specs that may be applied")
struct EndpointCheckTests {
    static func version(_ number: Int) -> VersionID { VersionID(model: "m", number: number) }

    static func signature(_ type: ElementType = .float32, outputs: [String] = ["y"]) -> ModelSignature {
        let shape: [Dimension] = [.symbolic("b"), .fixed(4)]
        return ModelSignature(
            inputs: [TensorSpec(name: "x", elementType: type, shape: shape)],
            outputs: outputs.map { TensorSpec(name: $0, elementType: .float32, shape: shape) })
    }

    /// Versions 1 to 9 fit the same callers.
    static let check = EndpointCheck(
        signatures: Dictionary(uniqueKeysWithValues: (1...9).map { (version($0), signature()) }))

    static func spec(_ change: (inout EndpointSpec) -> Void = { _ in }) -> EndpointSpec {
        var spec = EndpointSpec(primary: version(1))
        change(&spec)
        return spec
    }

    static func share(_ percent: Double) -> Share { Share(percent: percent) ?? .none }

    static func canary(_ number: Int, _ percent: Double) -> Canary {
        Canary(version: version(number), share: share(percent))
    }

    static func rollout(_ percents: Double..., position: Int = 0, hold: Double = 60) -> Rollout {
        Rollout(steps: percents.map { Rollout.Step(share: share($0), holdSeconds: hold) }, position: position)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let spec: EndpointSpec
        /// Where the problems are; none for a spec that is fine.
        let paths: [String]

        init(_ title: String, _ paths: String..., change: (inout EndpointSpec) -> Void) {
            testDescription = title
            spec = EndpointCheckTests.spec(change)
            self.paths = paths
        }
    }

    static let routes: [Case] = [
        Case("a primary alone") { _ in },
        Case("everything at once") { spec in
            spec.canaries = [canary(2, 25), canary(3, 0)]
            spec.rules = [HeaderRule(header: "x-beta", value: "1", version: version(4))]
            spec.sticky = .cookie("session")
            spec.shadows = [Shadow(version: version(5), tolerance: 0)]
            spec.rollout = rollout(1, 25, 100, position: 1)
        },
        Case("shares of the whole") { $0.canaries = [canary(2, 60), canary(3, 40)] },
        Case("shares above the whole", "canaries[1].share") { $0.canaries = [canary(2, 60), canary(3, 40.01)] },
        Case("a canary that is the primary", "canaries[0].version") { $0.canaries = [canary(1, 1)] },
        Case("a canary twice", "canaries[1].version") { $0.canaries = [canary(2, 1), canary(2, 1)] },
        Case("an unknown primary", "primary") { $0.primary = version(10) },
        Case("an unknown canary", "canaries[1].version") { $0.canaries = [canary(2, 1), canary(10, 1)] },
        Case("an unknown version in a rule", "rules[0].version") {
            $0.rules = [HeaderRule(header: "a", value: nil, version: version(10))]
        },
        Case("an unknown shadow", "shadows[0].version") { $0.shadows = [Shadow(version: version(10))] },
        Case("a shadow that is the primary", "shadows[0].version") { $0.shadows = [Shadow(version: version(1))] },
        Case("a shadow twice", "shadows[1].version") {
            $0.shadows = [Shadow(version: version(2)), Shadow(version: version(2))]
        },
        Case("a negative tolerance", "shadows[0].tolerance") {
            $0.shadows = [Shadow(version: version(2), tolerance: -1)]
        },
        Case("a tolerance that is no number", "shadows[0].tolerance") {
            $0.shadows = [Shadow(version: version(2), tolerance: .nan)]
        },
        Case("a tolerance for the top class", "shadows[0].tolerance") {
            $0.shadows = [Shadow(version: version(2), tolerance: 1, comparesTopClass: true)]
        },
        Case("a header's name with a space", "rules[0].header") {
            $0.rules = [HeaderRule(header: "x beta", value: nil, version: version(2))]
        },
        Case("a header's name in upper case", "rules[0].header") {
            $0.rules = [HeaderRule(header: "X-Beta", value: nil, version: version(2))]
        },
        Case("an empty header's name", "rules[0].header") {
            $0.rules = [HeaderRule(header: "", value: nil, version: version(2))]
        },
        Case("a header's value with a line break", "rules[0].value") {
            $0.rules = [HeaderRule(header: "a", value: "1\r\nb: 2", version: version(2))]
        },
        Case("a sticky header that is no token", "sticky") { $0.sticky = .header("a:b") },
        Case("a sticky cookie that is no token", "sticky") { $0.sticky = .cookie("a;b") },
        Case("too many canaries", "canaries") { spec in
            spec.canaries = (0...EndpointCheck.maximumEntries).map { canary($0, 0) }
        },
    ]

    static let rollouts: [Case] = [
        Case("steps that ascend") {
            $0.canaries = [canary(2, 1)]
            $0.rollout = rollout(1, 10, 100)
        },
        Case("a rollout without a canary", "rollout") { $0.rollout = rollout(1) },
        Case("a rollout without steps", "rollout.steps") {
            $0.canaries = [canary(2, 1)]
            $0.rollout = rollout()
        },
        Case("steps that do not ascend", "rollout.steps[1].share", "rollout.steps[3].share") {
            $0.canaries = [canary(2, 5)]
            $0.rollout = rollout(5, 5, 50, 10)
        },
        Case("a first step of nothing", "rollout.steps[0].share") {
            $0.canaries = [canary(2, 0)]
            $0.rollout = rollout(0, 5)
        },
        Case("a negative hold", "rollout.steps[0].holdSeconds") {
            $0.canaries = [canary(2, 5)]
            $0.rollout = rollout(5, hold: -1)
        },
        Case("a hold without end", "rollout.steps[0].holdSeconds") {
            $0.canaries = [canary(2, 5)]
            $0.rollout = rollout(5, hold: .infinity)
        },
        Case("steps that push another canary out", "rollout.steps[1].share") {
            $0.canaries = [canary(2, 5), canary(3, 50)]
            $0.rollout = rollout(5, 51)
        },
        Case("a position outside", "rollout.position") {
            $0.canaries = [canary(2, 5)]
            $0.rollout = rollout(5, position: 1)
        },
        Case("a negative position", "rollout.position") {
            $0.canaries = [canary(2, 5)]
            $0.rollout = rollout(5, position: -1)
        },
        Case("a share that is not the step's", "canaries[0].share") {
            $0.canaries = [canary(2, 6)]
            $0.rollout = rollout(5, 10)
        },
    ]

    static let execution: [Case] = [
        Case("numbers in their ranges") { spec in
            spec.instances = 1024
            spec.batching.maximumRows = 64
            spec.batching.preferredRows = [8, 16, 64]
            spec.batching.maximumDelayMs = 2
            spec.batching.latencyTargetMs = 2
            spec.limits.rows = 64
            spec.limits.waitMs = 0
            spec.limits.deadlineMs = 3
            spec.lifecycle.policy = .resource
            spec.lifecycle.rollbackWindowSeconds = 0
            spec.cacheBytes = 1
        },
        Case("no instances", "instances") { $0.instances = 0 },
        Case("too many instances", "instances") { $0.instances = 1025 },
        Case("an engine without a name", "engine") { $0.engine = "" },
        Case("a device without a name", "device") { $0.device = "" },
        Case("no rows", "batching.maximumRows") { $0.batching.maximumRows = 0 },
        Case("preferred sizes above the most", "batching.preferredRows") {
            $0.batching.maximumRows = 8
            $0.batching.preferredRows = [8, 16]
        },
        Case("preferred sizes that do not ascend", "batching.preferredRows") { $0.batching.preferredRows = [8, 8] },
        Case("a preferred size of nothing", "batching.preferredRows") { $0.batching.preferredRows = [0, 8] },
        Case("a delay above the latency target", "batching.maximumDelayMs") {
            $0.batching.maximumDelayMs = 21
            $0.batching.latencyTargetMs = 20
        },
        Case("a negative delay", "batching.maximumDelayMs") { $0.batching.maximumDelayMs = -1 },
        Case("a latency target of nothing", "batching.latencyTargetMs") { $0.batching.latencyTargetMs = 0 },
        Case("fewer rows than one call may have", "limits.rows") {
            $0.batching.maximumRows = 64
            $0.limits.rows = 63
        },
        Case("a deadline that waiting alone exceeds", "limits.deadlineMs") {
            $0.batching.maximumDelayMs = 5
            $0.limits.deadlineMs = 5
        },
        Case("no requests", "limits.requests") { $0.limits.requests = 0 },
        Case("negative bytes", "limits.bytes") { $0.limits.bytes = -1 },
        Case("a negative wait", "limits.waitMs") { $0.limits.waitMs = -0.5 },
        Case("a wait that is no number", "limits.waitMs") { $0.limits.waitMs = .nan },
        Case("a deadline of nothing", "limits.deadlineMs") { $0.limits.deadlineMs = 0 },
        Case("a call without end", "limits.callMs") { $0.limits.callMs = .infinity },
        Case("a quota of nothing", "limits.quota.rowsPerMinute") { $0.limits.quota = .init(rowsPerMinute: 0) },
        Case("a negative quota of each client", "limits.clientQuota.requestsPerMinute") {
            $0.limits.clientQuota = .init(requestsPerMinute: -1)
        },
        Case(
            "quotas of tokens of what has none", "limits.quota.tokensPerMinute", "limits.clientQuota.tokensPerMinute"
        ) {
            $0.limits.quota = .init(tokensPerMinute: 1_000_000)
            $0.limits.clientQuota = .init(requestsPerMinute: 1, tokensPerMinute: 1)
        },
        Case("conversations of what has none", "sticky") { $0.sticky = .conversation },
        Case("language settings of another model", "language.context", "language.speculation") {
            $0.language.context = 4096
            $0.language.speculation = .off
        },
        Case("a rollback window where the old version goes first", "lifecycle.rollbackWindowSeconds") {
            $0.lifecycle.policy = .resource
            $0.lifecycle.rollbackWindowSeconds = 1
        },
        Case("idle unload of what is pinned", "lifecycle.idleUnloadSeconds") {
            $0.lifecycle.isPinned = true
            $0.lifecycle.idleUnloadSeconds = 60
        },
        Case("idle unload at once", "lifecycle.idleUnloadSeconds") { $0.lifecycle.idleUnloadSeconds = 0 },
        Case("a cache of nothing", "cacheBytes") { $0.cacheBytes = 0 },
        Case("everything wrong at once", "instances", "limits.requests", "cacheBytes") {
            $0.instances = -1
            $0.limits.requests = -1
            $0.cacheBytes = -1
        },
    ]

    /// Numbers that no arithmetic survives, wherever a spec holds one.
    static let extremes: [Case] =
        [Int.max, .min].map { count in
            Case(
                "\(count) everywhere", "rollout.position", "instances", "batching.maximumRows", "limits.requests",
                "limits.rows", "limits.bytes", "cacheBytes", "limits.quota.requestsPerMinute",
                "limits.quota.rowsPerMinute", "batching.preferredRows"
            ) { spec in
                spec.canaries = [canary(2, 5)]
                spec.rollout = rollout(5, position: count)
                spec.instances = count
                spec.batching.maximumRows = count
                spec.batching.preferredRows = [count]
                spec.limits.requests = count
                spec.limits.rows = count
                spec.limits.bytes = count
                spec.limits.quota = .init(requestsPerMinute: count, rowsPerMinute: count)
                spec.cacheBytes = count
            }
        }
        + [1e300, -1e300, .infinity, -.infinity, .nan].map { time in
            Case(
                "\(time) everywhere", "rollout.steps[0].holdSeconds", "batching.latencyTargetMs",
                "limits.waitMs", "limits.deadlineMs", "limits.callMs", "lifecycle.idleUnloadSeconds",
                "lifecycle.rollbackWindowSeconds"
            ) { spec in
                spec.canaries = [canary(2, 5)]
                spec.rollout = rollout(5, hold: time)
                spec.batching.latencyTargetMs = time
                spec.limits.waitMs = time
                spec.limits.deadlineMs = time
                spec.limits.callMs = time
                spec.lifecycle.idleUnloadSeconds = time
                spec.lifecycle.rollbackWindowSeconds = time
            }
        }

    @Test("are shown whatever they hold", arguments: extremes)
    func diff(example: Case) {
        let lines = SpecDiff(from: Self.spec(), to: example.spec).lines
        #expect(lines.count > 5)
        #expect(!SpecDiff(from: example.spec, to: Self.spec()).lines.isEmpty)
    }

    @Test(
        "are read from JSON or refused, whatever numbers it holds",
        arguments: ["1e300", "-1e300", "1e999", "9223372036854775807", "9223372036854775808", "-1", "NaN", "1.5"])
    func json(number: String) {
        let version = #"{"model":"m","number":1}"#
        let members = [
            #""instances":N"#, #""cacheBytes":N"#, #""batching":{"maximumRows":N}"#,
            #""batching":{"preferredRows":[N]}"#, #""batching":{"maximumDelayMs":N}"#, #""limits":{"waitMs":N}"#,
            #""limits":{"quota":{"rowsPerMinute":N}}"#, #""canaries":[{"version":V,"share":N}]"#,
            #""rollout":{"steps":[{"share":5,"holdSeconds":N}],"position":N}"#, #""lifecycle":{"idleUnloadSeconds":N}"#,
        ]
        for member in members {
            let text = #"{"device":"cpu","primary":V,"# + member + "}"
            let json = text.replacing("V", with: version).replacing("N", with: number)
            guard let spec = try? JSONDecoder().decode(EndpointSpec.self, from: Data(json.utf8)) else { continue }
            let problems = Self.check.problems(in: spec)
            // Times may be parts of a millisecond, and shares parts of a percent.
            #expect(!problems.isEmpty || number == "1.5", "\(json)")
        }
    }

    @Test("tell each problem at its place", arguments: routes + rollouts + execution + extremes)
    func problems(example: Case) {
        let problems = Self.check.problems(in: example.spec)
        #expect(problems.map(\.path) == example.paths)
        for problem in problems {
            #expect(!problem.message.isEmpty)
            #expect(!problem.isSignatureChange)
        }
    }

    /// Versions 1 and 2 fit one another, 3 has an output more, 4 another input type.
    private static let mixed: [VersionID: ModelSignature] = [
        version(1): signature(), version(2): signature(), version(3): signature(outputs: ["y", "z"]),
        version(4): signature(.int64),
    ]

    @Test(
        "must answer the callers of today and of one another",
        arguments: [
            (1, nil, 2, []), (1, nil, 3, []), (3, nil, 1, ["canaries[0].version"]),
            (1, nil, 4, ["canaries[0].version"]), (4, nil, nil, []), (4, 1, nil, ["primary"]), (3, 1, nil, []),
            (1, 3, nil, ["primary"]), (2, 1, 4, ["canaries[0].version"]),
            (4, 1, 2, ["primary", "canaries[0].version"]),
            (1, 4, 2, ["primary", "canaries[0].version"]), (1, 10, nil, []),
        ] as [(Int, Int?, Int?, [String])])
    func signatures(primary: Int, inForce: Int?, canary: Int?, paths: [String]) {
        var spec = EndpointSpec(primary: Self.version(primary))
        if let canary { spec.canaries = [Self.canary(canary, 10)] }
        var check = EndpointCheck(
            signatures: Self.mixed, inForce: inForce.map { EndpointSpec(primary: Self.version($0)) })
        let problems = check.problems(in: spec)
        #expect(problems.map(\.path) == paths)
        #expect(problems.allSatisfy { $0.isSignatureChange })
        check.allowsSignatureChange = true
        #expect(check.problems(in: spec) == [])
    }

    @Test("rules and shadows count as versions that answer")
    func otherRoutes() {
        var spec = EndpointSpec(primary: Self.version(1))
        spec.rules = [HeaderRule(header: "a", value: nil, version: Self.version(4))]
        spec.shadows = [Shadow(version: Self.version(4))]
        let problems = EndpointCheck(signatures: Self.mixed).problems(in: spec)
        #expect(problems.map(\.path) == ["rules[0].version", "shadows[0].version"])
        #expect(problems.first?.message.contains("input 'x' was FP32 [b,4] and is INT64 [b,4]") == true)
    }

    @Test("one error tells all; one about signatures alone names the way around it")
    func errors() {
        let both = [SpecProblem("a", "one"), SpecProblem("b", "two", isSignatureChange: true)]
        let mixed = ControlError.refused(both, endpoint: "e")
        #expect(mixed.category == .invalidInput)
        #expect(mixed.message.contains("a: one; b: two"))
        let signature = ControlError.refused([both[1]], endpoint: "e")
        #expect(signature.code == .signatureChange && signature.category == .conflict)
        #expect(signature.message.contains("--allow-signature-change"))
    }
}
