// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayServing
import Testing

@Suite("Step time model")
struct StepTimeModelTests {
    /// Seconds of a step on machines from a fast one to a slow one.
    static let machines = [
        SIMD4<Double>(0.002, 0.0001, 0.0002, 0.00005), SIMD4<Double>(0.006, 0.0008, 0.0022, 0.0004),
        SIMD4<Double>(0.1, 0.02, 0.03, 0.004),
    ]

    private func seconds(_ costs: SIMD4<Double>, _ load: StepLoad) -> Double {
        let features = SIMD4(1, Double(load.decodeTokens), Double(load.prefillTokens), load.attended / 1_000)
        return (costs * features).sum()
    }

    @Test("ten mixed steps teach it to a tenth", arguments: machines, 0..<10 as Range<UInt64>)
    func learns(costs: SIMD4<Double>, seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var model = StepTimeModel()
        func load() -> StepLoad {
            var load = StepLoad()
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                load.add(1, at: .random(in: 0...2_000, using: &random), isPrefill: false)
            }
            load.add(.random(in: 8...256, using: &random), at: .random(in: 0...2_000, using: &random), isPrefill: true)
            return load
        }
        for _ in 0..<10 {
            let load = load()
            model.observe(load, took: .seconds(seconds(costs, load)))
        }
        var errors: [Double] = []
        for _ in 0..<50 {
            let load = load()
            let real = seconds(costs, load)
            errors.append(abs(model.seconds(load) - real) / real)
        }
        // Ten steps tell four weights apart but roughly; together they are right for loads like those seen.
        #expect(errors.reduce(0, +) / 50 < 0.1)
        #expect((errors.max() ?? 1) < 0.4)
    }

    @Test("a stall hardly changes what it expects")
    func outliers() {
        let costs = Self.machines[1]
        var model = StepTimeModel()
        var load = StepLoad()
        load.add(4, at: 500, isPrefill: false)
        load.add(32, at: 300, isPrefill: true)
        for _ in 0..<40 { model.observe(load, took: .seconds(seconds(costs, load))) }
        let before = model.seconds(load)
        model.observe(load, took: .seconds(60))
        // One clipped to three times counts a ninth of one of some forty steps.
        #expect(model.seconds(load) < before * 1.05)
    }

    @Test("a machine that became slower is believed within fifty steps")
    func drift() {
        var model = StepTimeModel()
        var load = StepLoad()
        load.add(4, at: 500, isPrefill: false)
        for _ in 0..<200 { model.observe(load, took: .milliseconds(10)) }
        for _ in 0..<50 { model.observe(load, took: .milliseconds(20)) }
        // Newer steps weigh 1 - 0.98^50 = 64 % before relative weighting.
        #expect(model.seconds(load) > 0.013)
    }

    @Test("what fits in a time is what takes it", arguments: [0, 1_000, 20_000])
    func inverse(position: Int) {
        let costs = Self.machines[1]
        var model = StepTimeModel()
        for count in [16, 32, 64, 128, 256, 512, 1_024, 2_048] {
            for position in [0, 1_000, 20_000] {
                var load = StepLoad()
                load.add(2, at: position, isPrefill: false)
                load.add(count, at: position, isPrefill: true)
                model.observe(load, took: .seconds(seconds(costs, load)))
            }
        }
        let base = StepLoad(decodeTokens: 4, attended: 2_000)
        let count = model.prefillTokens(at: position, after: base, within: 0.5)
        var fitting = base
        fitting.add(count, at: position, isPrefill: true)
        var more = base
        more.add(count + 2, at: position, isPrefill: true)
        #expect(model.seconds(fitting) <= 0.5 && model.seconds(more) > 0.5)
        #expect(model.prefillTokens(at: position, after: base, within: 0) == 0)
    }

    @Test("what was never tried is approached by doubling")
    func explores() {
        var model = StepTimeModel()
        for _ in 0..<50 { model.observe(StepLoad(prefillTokens: 16), took: .microseconds(10)) }
        #expect(model.prefillTokens(at: 0, after: StepLoad(), within: 10) == 32)
        model.observe(StepLoad(prefillTokens: 32), took: .microseconds(20))
        #expect(model.prefillTokens(at: 0, after: StepLoad(), within: 10) == 64)
    }

    @Test("strange measurements do no harm", arguments: [Duration.zero, .seconds(-5), .seconds(1e9)])
    func strange(took: Duration) {
        var model = StepTimeModel()
        for _ in 0..<3_000 { model.observe(StepLoad(decodeTokens: 1), took: took) }
        let seconds = model.seconds(StepLoad(decodeTokens: 1, prefillTokens: 1, attended: 1))
        #expect(seconds.isFinite && seconds >= 0)
    }
}
