// SPDX-License-Identifier: Apache-2.0

import SlipwayControl
import SlipwayCore
import Testing

@Suite("Endpoint files")
struct EndpointFileTests {
    static let full = """
        # What fraud serves
        endpoints:
          fraud:
            routes:
              - {version: "fraud:3", weight: 75%}
              - {version: "fraud@challenger", weight: 25}
            sticky: header:X-User-ID
            rules:
              - {header: X-Beta, equals: "1", version: "fraud:4"}
              - {header: x-any, version: fraud}
            shadow:
              - {version: "fraud:5", rate: 50%, tolerance: 1e-3}
              - version: "fraud@sha256:0123ab"
                compare: top-1
            rollout: [{weight: 25%, hold: 10m}, {weight: 50%, hold: 1.5h}]
            engine: onnxruntime
            device: cuda
            precision: f32
            instances: 4
            batching: {enabled: true, max_batch: 64, preferred: [8, 16], max_delay: 2ms, latency_target: 20ms,
              pad: true, padded_dimension: sequence_length, mask: attention_mask}
            limits: {requests: 1000, rows: 10000, bytes: 1GiB, wait: 500ms, deadline: 5s, call: 60s}
            quota: {requests_per_minute: 6000, rows_per_minute: 60000, tokens_per_minute: 1000000}
            client_quota: {requests_per_minute: 60}
            lifecycle: {policy: availability, pinned: false, load: on-demand, idle_unload: 10m,
              rollback_window: 0, warm_up: recorded}
            language: {context: 8192, cache_tokens: 32768, cache_type: q8_0, latency_target: 100ms, speculation: off,
              queued_tokens: 10000}
            cache: 64MiB
            monitoring: {enabled: true, window: 1h, buckets: 12, bucket_rows: 10000, sampled_rows: 64,
              task: classification, score_output: y, segment: region, label_window: 1d, label_budget: 64MiB}
          small: {routes: [{version: small}], instances: auto}

        """

    /// What the full file says of language models.
    static let languageLine = """
            language: {context: 8192, cache_tokens: 32768, cache_type: q8_0, latency_target: 100ms, speculation: off,
              queued_tokens: 10000}

        """

    private func lines(_ text: String) -> [String] {
        do throws(ControlError) {
            _ = try EndpointFile.parse(text, name: "f")
            return []
        } catch {
            #expect(error.category == .invalidInput)
            return error.message.split(separator: "\n").map(String.init)
        }
    }

    private func version(_ number: Int) -> VersionID { VersionID(model: "fraud", number: number) }

    /// What the full file says of fraud.
    private func fullSpec() throws -> EndpointSpec {
        var expected = EndpointSpec(primary: version(3), engine: "onnxruntime", device: "cuda", instances: 4)
        expected.precision = .f32
        let quarter = try #require(Share(percent: 25))
        let half = try #require(Share(percent: 50))
        expected.canaries = [Canary(version: version(6), share: quarter)]
        expected.rules = [
            HeaderRule(header: "x-beta", value: "1", version: version(4)),
            HeaderRule(header: "x-any", value: nil, version: version(7)),
        ]
        expected.sticky = .header("x-user-id")
        expected.shadows = [
            Shadow(version: version(5), rate: half, tolerance: 1e-3),
            Shadow(version: version(8), comparesTopClass: true),
        ]
        expected.rollout = Rollout(steps: [
            Rollout.Step(share: quarter, holdSeconds: 600), Rollout.Step(share: half, holdSeconds: 5400),
        ])
        expected.batching.isEnabled = true
        expected.batching.maximumRows = 64
        expected.batching.preferredRows = [8, 16]
        expected.batching.maximumDelayMs = 2
        expected.batching.latencyTargetMs = 20
        expected.batching.pads = true
        expected.batching.paddedDimension = "sequence_length"
        expected.batching.mask = "attention_mask"
        expected.limits.requests = 1000
        expected.limits.rows = 10000
        expected.limits.bytes = 1 << 30
        expected.limits.waitMs = 500
        expected.limits.deadlineMs = 5000
        expected.limits.callMs = 60000
        expected.limits.quota = .init(requestsPerMinute: 6000, rowsPerMinute: 60000, tokensPerMinute: 1_000_000)
        expected.limits.clientQuota = .init(requestsPerMinute: 60)
        expected.lifecycle.policy = .availability
        expected.lifecycle.isPinned = false
        expected.lifecycle.loading = .onDemand
        expected.lifecycle.idleUnloadSeconds = 600
        expected.lifecycle.rollbackWindowSeconds = 0
        expected.lifecycle.warmUp = .recorded
        expected.cacheBytes = 64 << 20
        expected.language.context = 8192
        expected.language.cacheTokens = 32_768
        expected.language.cacheType = .q8
        expected.language.latencyTargetMs = 100
        expected.language.speculation = .off
        expected.language.queuedTokens = 10_000
        expected.monitoring.isEnabled = true
        expected.monitoring.windowSeconds = 3600
        expected.monitoring.buckets = 12
        expected.monitoring.bucketRows = 10_000
        expected.monitoring.sampledRows = 64
        expected.monitoring.task = .classification
        expected.monitoring.scoreOutput = "y"
        expected.monitoring.segment = "region"
        expected.monitoring.labelWindowSeconds = 86_400
        expected.monitoring.labelBudgetBytes = 64 << 20
        return expected
    }

    @Test("every key is read")
    func everything() throws {
        let file = try EndpointFile.parse(Self.full, name: "f")
        #expect(file.endpoints.map(\.name) == ["fraud", "small"])
        #expect(file.endpoints.map(\.line) == [3, 32])
        let draft = file.endpoints[0]
        #expect(
            draft.references.map { "\($0.path) \($0.reference)" } == [
                "primary fraud:3", "canaries[0].version fraud@challenger", "rules[0].version fraud:4",
                "rules[1].version fraud", "shadows[0].version fraud:5", "shadows[1].version fraud@sha256:0123ab",
            ])
        let numbers = [3, 6, 4, 7, 5, 8]
        let versions = Dictionary(
            uniqueKeysWithValues: zip(draft.references.map(\.reference), numbers.map(version)))
        #expect(draft.spec(resolving: versions) == (try fullSpec()))
        #expect(draft.spec(resolving: [:]) == nil)
        let small = file.endpoints[1]
        let one = VersionID(model: "small", number: 1)
        #expect(
            small.spec(resolving: [ModelReference(name: "small", selector: .newest): one]) == EndpointSpec(primary: one)
        )
    }

    @Test("every plain value of a spec has one key, and the example has them all")
    func table() {
        let labels = SpecLeaf.all.map(\.label)
        #expect(Set(labels).count == labels.count)
        #expect(Set(SpecLeaf.all.map(\.path)).count == labels.count)
        for leaf in SpecLeaf.all { #expect(Self.full.contains("\(leaf.key):"), "\(leaf.label)") }
    }

    @Test("a rollout decides the weights that are left out")
    func rolloutWeights() throws {
        let text = """
            endpoints:
              e:
                routes: [{version: "m:1"}, {version: "m:2"}]
                rollout: [{weight: 5%, hold: 1m}]
            """
        let draft = try #require(try EndpointFile.parse(text, name: "f").endpoints.first)
        let versions = Dictionary(
            uniqueKeysWithValues: draft.references.enumerated().map { ($1.reference, version($0 + 1)) })
        #expect(
            draft.spec(resolving: versions)?.canaries == [Canary(version: version(2), share: try #require(Share("5%")))]
        )
    }

    /// What stands under `endpoints: {e: ...}` from line 3 on, and the problems it has.
    static let mistakes: [(String, [String])] = [
        ("routes: []", ["f:3: 'routes' is empty: leave it out, or write [{version: \"fraud:3\"}]"]),
        ("routes: m", ["f:3: 'routes' takes a list, such as [{version: \"fraud:3\"}]"]),
        ("routes: [m]", ["f:3: a route takes keys with values: version, weight"]),
        ("routes: [{weight: 100%}]", ["f:3: the route has no 'version', such as \"fraud:3\""]),
        ("routes: [{version: [m]}]", ["f:3: 'version' takes one value, not a list or a mapping"]),
        (
            "routes: [{version: \"m:x\"}]",
            ["f:3: 'm:x' is not a reference: write name, name:3, name@alias or name@sha256:0123ab"]
        ),
        ("routes: [{version: m, wieght: 1}]", ["f:3: unknown key 'wieght' in a route, did you mean 'weight'?"]),
        ("routes: [{version: m, weight: 50%}]", ["f:3: the weights add up to 50%, expected 100%"]),
        ("routes: [{version: m, weight: lots}]", ["f:3: 'weight' is 'lots', expected 0% to 100%"]),
        ("routes: [{version: m, weight: 101%}]", ["f:3: 'weight' is '101%', expected 0% to 100%"]),
        (
            "routes: [{version: \"m:1\"}, {version: \"m:2\"}]",
            [
                "f:3: the route to m:1 needs a weight, such as 'weight: 90%'",
                "f:3: the route to m:2 needs a weight, such as 'weight: 90%'",
            ]
        ),
        (
            "routes:\n      - {version: \"m:1\", weight: 90%}\n      - {version: \"m:2\", weight: 10.5%}",
            ["f:3: the weights add up to 100.5%, expected 100%"]
        ),
        ("instances: 2", ["f:2: endpoint 'e' has no 'routes', such as [{version: \"e:1\"}]"]),
        ("routes: [{version: m}]\n    route: []", ["f:4: unknown key 'route' in endpoint 'e', did you mean 'routes'?"]),
        ("routes: [{version: m}]\n    sticky: [a]", ["f:4: 'sticky' takes one value, not a list or a mapping"]),
        (
            "routes: [{version: m}]\n    sticky: ip",
            ["f:4: 'sticky' is 'ip', expected header:NAME, cookie:NAME, client or conversation"]
        ),
        (
            "routes: [{version: m}]\n    rules:\n      - {equals: \"1\", version: m}",
            ["f:5: the rule has no 'header', such as x-beta"]
        ),
        (
            "routes: [{version: m}]\n    rules:\n      - header: x\n        value: 1",
            [
                "f:5: the rule has no 'version', such as \"fraud:3\"",
                "f:6: unknown key 'value' in a rule, there are [header, equals, version]",
            ]
        ),
        (
            "routes: [{version: m}]\n    shadow: {version: m}",
            ["f:4: 'shadow' takes a list, such as [{version: \"fraud:5\", rate: 100%}]"]
        ),
        (
            "routes: [{version: m}]\n    shadow: [{version: n, tolerance: small, compare: all, rate: x}]",
            [
                "f:4: 'rate' is 'x', expected 0% to 100%",
                "f:4: 'tolerance' is 'small', expected a number such as 1e-4",
                "f:4: 'compare' is 'all', expected top-1, or nothing to compare within the tolerance",
            ]
        ),
        (
            "routes: [{version: m}]\n    rollout: [{weight: 1%}, {hold: 5}]",
            [
                "f:4: the step has no 'hold'", "f:4: the step has no 'weight'",
                "f:4: 'hold' is '5', expected a number with ms, s, m, h or d, such as 10m",
            ]
        ),
        (
            "routes: [{version: m}]\n    instances: many",
            ["f:4: 'instances' is 'many', expected auto or a whole number"]
        ),
        ("routes: [{version: m}]\n    engine: \"\"", ["f:4: 'engine' is '', expected 1 to 128 bytes"]),
        (
            "routes: [{version: m}]\n    cache: 64 MiX",
            ["f:4: 'cache' is '64 MiX', expected a number with B, kB, MB, GB, KiB, MiB or GiB, such as 64MiB"]
        ),
        (
            "routes: [{version: m, weight: nan%}]\n    cache: 99999999999999999999TiB",
            [
                "f:3: 'weight' is 'nan%', expected 0% to 100%",
                "f:4: 'cache' is '99999999999999999999TiB', expected a number with B, kB, MB, GB, KiB, MiB or GiB, "
                    + "such as 64MiB",
            ]
        ),
        (
            "routes: [{version: m}]\n    instances: 9223372036854775808",
            ["f:4: 'instances' is '9223372036854775808', expected auto or a whole number"]
        ),
        (
            "routes: [{version: m}]\n    limits: {wait: 1e300s}",
            ["f:4: 'wait' is '1e300s', expected a number with ms, s, m, h or d, such as 10m"]
        ),
        (
            "routes: [{version: m}]\n    batching: yes",
            [
                "f:4: 'batching' takes keys with values: enabled, max_batch, preferred, max_delay, latency_target, "
                    + "pad, padded_dimension, mask"
            ]
        ),
        (
            "routes: [{version: m}]\n    batching: {enabled: maybe}",
            ["f:4: 'enabled' is 'maybe', expected true or false"]
        ),
        (
            "routes: [{version: m}]\n    batching: {max_batch: 6.5}",
            ["f:4: 'max_batch' is '6.5', expected a whole number"]
        ),
        (
            "routes: [{version: m}]\n    batching: {max_bach: 6}",
            ["f:4: unknown key 'max_bach' in 'batching', did you mean 'max_batch'?"]
        ),
        ("routes: [{version: m}]\n    batching: {preferred: 8}", ["f:4: 'preferred' takes a list, such as [8, 16]"]),
        (
            "routes: [{version: m}]\n    batching: {preferred: [8, b]}",
            ["f:4: 'preferred' holds something else than whole numbers, such as [8, 16]"]
        ),
        (
            "routes: [{version: m}]\n    batching:\n      max_delay: 2",
            ["f:5: 'max_delay' is '2', expected a number with ms, s, m, h or d, such as 10m"]
        ),
        (
            "routes: [{version: m}]\n    limits:\n      wait: -2ms",
            ["f:5: 'wait' is '-2ms', expected a number with ms, s, m, h or d, such as 10m"]
        ),
        (
            "routes: [{version: m}]\n    limits:\n      rows: [1]",
            ["f:5: 'rows' takes one value, not a list or a mapping"]
        ),
        (
            "routes: [{version: m}]\n    quota: {requests: 1}",
            [
                "f:4: unknown key 'requests' in 'quota', there are [requests_per_minute, rows_per_minute, "
                    + "tokens_per_minute]"
            ]
        ),
        (
            "routes: [{version: m}]\n    lifecycle: {policy: avialability}",
            ["f:4: 'policy' is 'avialability', did you mean 'availability'?"]
        ),
        (
            "routes: [{version: m}]\n    lifecycle: {load: lazily}",
            ["f:4: 'load' is 'lazily', there are [eager, on-demand]"]
        ),
        (
            "routes: [{version: m}]\n    lifecycle: {warm_up: ones}",
            ["f:4: 'warm_up' is 'ones', there are [none, zeros, random, recorded]"]
        ),
        (
            "routes: [{version: m}]\n    lifecycle: {idle_unload: 9999d}",
            ["f:4: 'idle_unload' is '9999d', expected a number with ms, s, m, h or d, such as 10m"]
        ),
        (
            "routes: [{version: m}]\n    language: {cache_type: q4_0}",
            ["f:4: 'cache_type' is 'q4_0', did you mean 'q8_0'?"]
        ),
        (
            "routes: [{version: m}]\n    language: {speculation: on}",
            ["f:4: 'speculation' is 'on', there are [auto, off]"]
        ),
        (
            "routes: [{version: m}]\n    language: {cache_token: 1}",
            ["f:4: unknown key 'cache_token' in 'language', did you mean 'cache_tokens'?"]
        ),
        (
            "routes: [{version: m}]\n    language:\n      latency_target: 100",
            ["f:5: 'latency_target' is '100', expected a number with ms, s, m, h or d, such as 10m"]
        ),
        ("routes: [{version: m}]\n    device: cpu\n    device: cpu", ["f:4: the mapping has 'device' twice"]),
    ]

    @Test("each mistake is told with its line and what to write", arguments: mistakes)
    func mistake(body: String, expected: [String]) {
        #expect(lines("endpoints:\n  e:\n    \(body)\n") == expected)
    }

    @Test(
        "a file of another shape is refused",
        arguments: [
            ("", "f:1: the file is empty, expected 'endpoints:'"), ("# nothing\n", "f:1: the file is empty"),
            ("a\n", "f:1: the file takes keys with values: endpoints"), ("[]\n", "f:1: the file takes keys"),
            ("{}\n", "f:1: expected 'endpoints:'"),
            ("endpoint: {}\n", "f:1: unknown key 'endpoint' in the file, did you mean"),
            ("endpoints:\n", "f:1: 'endpoints' takes a mapping"),
            ("endpoints: {}\n", "f:1: 'endpoints' takes a mapping"),
            ("endpoints: []\n", "f:1: 'endpoints' takes a mapping"),
            ("endpoints:\n  a/b: {routes: [{version: m}]}\n", "f:2: 'a/b' is not a name"),
            ("endpoints:\n  e: 5\n", "f:2: endpoint 'e' takes keys with values"),
            (
                "endpoints:\n  e: {routes: [{version: m}]}\n  e: {routes: [{version: m}]}\n",
                "f:2: the mapping has 'e' twice"
            ),
            ("endpoints:\n  e: [\n", "f:"), ("a: b: c\n", "f:1: is not YAML: mapping values are not allowed"),
            ("endpoints: {}\n---\nendpoints: {}\n", "f:2: is not YAML"), ("\u{0}", "f:1: "), ("a: \u{85}b", "f:1: "),
        ])
    func shape(text: String, start: String) {
        let lines = lines(text)
        #expect(lines.count == 1)
        #expect(lines.first?.hasPrefix(start) == true, "\(lines)")
    }

    @Test(
        "what endpoint files do not need of YAML is refused with its line",
        arguments: [
            ("a: &x 1", "anchors"), ("a: *x", "anchors"), ("- &x a", "anchors"), ("[1, &x a]", "anchors"),
            ("{a: *x}", "anchors"), ("{a, *x : 1}", "anchors"), ("{\"a\":&x b}", "anchors"), ("&x a: 1", "anchors"),
            ("--- &x\na: 1", "anchors"), ("- - - *x", "anchors"), ("a: \"b\" \nc: *d", "anchors"),
            ("[b\n 'c, &x [1], ']", "anchors"), ("{a: b:'c, &x [1], '}", "anchors"), ("a: 'it''s'\nb: &x c", "anchors"),
            ("a: \"\\\"\"\nb: &x c", "anchors"), ("a: !!str 1", "tags"), ("a: |\n  text", "lines"),
            ("a: >\n  text", "lines"), ("? a\n: b", "'? '"), ("%YAML 1.1\n---\na: 1", "directives"),
            ("a: \"b\n  c\"", "quotes"), ("a: 'b\n  c'", "quotes"),
        ])
    func guarded(text: String, word: String) {
        let found = lines(text)
        #expect(found.count == 1)
        #expect(found.first?.contains(word) == true, "\(found)")
        #expect(
            found.first?.hasPrefix("f:\(text.contains("\nb: &x") || text.contains("\nc: *d") ? 2 : 1): ") == true
                || text.hasPrefix("[b"), "\(found)")
    }

    @Test(
        "such characters inside texts are only characters",
        arguments: ["a&b", "a*b", "\"&a\"", "'*a'", "\"a | b\"", "a!b", "a?b", "a#b", "it's", "'it''s &x'", "a,b&c"])
    func harmless(text: String) {
        let found = lines("endpoints:\n  e:\n    routes: [{version: m}] # &x 'y \"z [[\n    engine: \(text)\n")
        #expect(found == [])
    }

    @Test(
        "depth is bounded before anything recurses",
        arguments: [
            String(repeating: "[", count: 100_000), String(repeating: "{a: ", count: 100_000),
            String(repeating: "- ", count: 100_000),
            (0..<400).map { String(repeating: " ", count: $0) + "a:\n" }.joined(),
        ])
    func depth(text: String) {
        let found = lines(text)
        #expect(found.count == 1)
        #expect(found.first?.contains("nested too deeply") == true)
    }

    @Test("size, endpoints and entries are bounded")
    func bounds() {
        #expect(lines(String(repeating: "#", count: (1 << 20) + 1)).first?.contains("1 MiB at most") == true)
        let many = (0...1000).map { "  e\($0): {routes: [{version: m}]}\n" }.joined()
        #expect(lines("endpoints:\n" + many) == ["f:1: the file has 1001 endpoints, expected 1000 at most"])
        let routes = Array(repeating: "{version: m, weight: 0}", count: 101).joined(separator: ", ")
        #expect(
            lines("endpoints: {e: {routes: [\(routes)]}}") == ["f:1: 'routes' has 101 entries, expected 100 at most"])
    }

    @Test("all problems are told, by line, up to twenty")
    func several() {
        let keys = (0..<30).map { "    x\($0): 1\n" }.joined()
        let found = lines("endpoints:\n  e:\n    routes: [{version: m}]\n" + keys)
        #expect(found.count == 21)
        #expect(found.first?.hasPrefix("f:4: unknown key 'x0'") == true)
        #expect(found[19].hasPrefix("f:23: "))
        #expect(found.last == "and 10 more")
    }

    @Test("no mutation of a good file traps", arguments: 0..<8)
    func mutations(seed: UInt64) {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        let marks = Array("[]{}:,-&*!|>?'\"# \n\t\u{85}%0".unicodeScalars)
        for _ in 0..<100 {
            var text = Array(Self.full.unicodeScalars)
            for _ in 0...next(4) {
                switch next(3) {
                case 0: text[next(text.count)] = marks[next(marks.count)]
                case 1: text.insert(marks[next(marks.count)], at: next(text.count))
                default: text.removeSubrange(next(text.count)..<text.count)
                }
                if text.isEmpty { text = [" "] }
            }
            var mutated = String.UnicodeScalarView()
            mutated.append(contentsOf: text)
            for line in lines(String(mutated)) { #expect(line.hasPrefix("f:") || line.hasPrefix("and ")) }
        }
    }
}
