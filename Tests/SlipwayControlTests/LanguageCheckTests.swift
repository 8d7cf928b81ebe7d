// SPDX-License-Identifier: Apache-2.0

import SlipwayControl
import SlipwayCore
import Testing

@Suite("Specs of language models")
struct LanguageCheckTests {
    private static func version(_ number: Int) -> VersionID { VersionID(model: "m", number: number) }

    private static let signature = ModelSignature(
        inputs: [TensorSpec(name: "text_input", elementType: .bytes, shape: [.fixed(1)])],
        outputs: [TensorSpec(name: "text_output", elementType: .bytes, shape: [.fixed(1)])])

    /// Versions 1 to 3 are language models, 4 is none but has their signature.
    private static let check = EndpointCheck(
        signatures: Dictionary(uniqueKeysWithValues: (1...4).map { (version($0), signature) }),
        languageVersions: Set((1...3).map(version)))

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let spec: EndpointSpec
        let paths: [String]

        init(_ title: String, _ paths: String..., change: (inout EndpointSpec) -> Void) {
            testDescription = title
            var spec = EndpointSpec(primary: version(1))
            change(&spec)
            self.spec = spec
            self.paths = paths
        }
    }

    static let cases: [Case] = [
        Case("nothing said") { _ in },
        Case("everything at once") { spec in
            spec.language.context = 8192
            spec.language.cacheTokens = 8192
            spec.language.cacheType = .q8
            spec.language.latencyTargetMs = 100
            spec.language.speculation = .off
            spec.language.queuedTokens = 1
            spec.sticky = .conversation
            spec.canaries = [Canary(version: version(2), share: .none)]
            spec.shadows = [Shadow(version: version(3))]
            spec.limits.quota = .init(tokensPerMinute: 1_000_000)
            spec.limits.clientQuota = .init(tokensPerMinute: 1)
        },
        Case("no context", "language.context") { $0.language.context = 0 },
        Case("more context than any model has", "language.context") { $0.language.context = (1 << 24) + 1 },
        Case("numbers that no arithmetic survives", "language.context", "language.cacheTokens", "language.queuedTokens")
        { spec in
            spec.language.context = .min
            spec.language.cacheTokens = .max
            spec.language.queuedTokens = .max
        },
        Case("a cache that one conversation outgrows", "language.cacheTokens") { spec in
            spec.language.context = 4096
            spec.language.cacheTokens = 4095
        },
        Case("a target of nothing", "language.latencyTargetMs") { $0.language.latencyTargetMs = 0 },
        Case("a target that is no number", "language.latencyTargetMs") { $0.language.latencyTargetMs = .nan },
        Case("a target without end", "language.latencyTargetMs") { $0.language.latencyTargetMs = .infinity },
        Case("no tokens a minute", "limits.quota.tokensPerMinute") { $0.limits.quota = .init(tokensPerMinute: 0) },
        Case("batches of rows", "batching") { $0.batching.maximumRows = 8 },
        Case("a shadow with a tolerance", "shadows[0].tolerance") {
            $0.shadows = [Shadow(version: version(2), tolerance: 1e-3)]
        },
        Case("a shadow of classes", "shadows[0].comparesTopClass") {
            $0.shadows = [Shadow(version: version(2), comparesTopClass: true)]
        },
        Case("a canary of another kind", "canaries[0].version") {
            $0.canaries = [Canary(version: version(4), share: .none)]
        },
        Case("language models beside one that is none", "canaries[0].version", "shadows[0].version") { spec in
            spec.primary = version(4)
            spec.canaries = [Canary(version: version(1), share: .none)]
            spec.shadows = [Shadow(version: version(2))]
        },
        Case("a version that does not exist", "primary") { spec in
            spec.primary = version(9)
            spec.language.context = 1
        },
    ]

    @Test("tell each problem at its place", arguments: cases)
    func problems(example: Case) {
        let problems = Self.check.problems(in: example.spec)
        #expect(problems.map(\.path) == example.paths, "\(problems.map(\.message))")
        #expect(problems.allSatisfy { !$0.isSignatureChange && !$0.message.isEmpty })
    }

    @Test("show their settings in differences, in the words of endpoint files")
    func diff() {
        var spec = EndpointSpec(primary: Self.version(1))
        spec.language.context = 8192
        spec.language.cacheType = .q8
        spec.language.latencyTargetMs = 100
        spec.language.speculation = .off
        var next = spec
        next.language.context = 4096
        next.language.speculation = nil
        next.sticky = .conversation
        #expect(
            SpecDiff(from: spec, to: next).lines.map(\.description) == [
                "+ sticky: conversation", "- language.context: 8192", "+ language.context: 4096",
                "- language.speculation: off",
            ])
        #expect(
            SpecDiff(from: nil, to: spec).lines.map(\.text).suffix(4) == [
                "language.context: 8192", "language.cache_type: q8_0", "language.latency_target: 100ms",
                "language.speculation: off",
            ])
    }
}
