// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayServing
import Testing

@Suite("Recorded inputs")
struct RecordedInputsTests {
    typealias Samples = AssemblySamples

    private func inputs(_ value: Float, count: Int = 3) throws -> NamedTensors {
        ["x": try Tensor([Float](repeating: value, count: count), shape: [1, count])]
    }

    private func firsts(_ recorded: RecordedInputs) -> [Float] {
        let signature = ModelSignature(inputs: [Samples.spec("x", [.dynamic, .dynamic])], outputs: [])
        return recorded.samples(fitting: signature).compactMap { $0["x"]?.values(as: Float.self)?.first }
    }

    @Test("takes the first request and then one in sixty-four, the last eight of them")
    func sampling() throws {
        var recorded = RecordedInputs()
        for index in 0..<(64 * 10 + 1) { recorded.offer(try inputs(Float(index))) }
        #expect(firsts(recorded) == (3...10).map { Float($0 * 64) })
    }

    @Test("stays within its bytes, the oldest making room, and never takes what is larger than all")
    func bytes() throws {
        var recorded = RecordedInputs(maximumSamples: 8, maximumBytes: 100)
        func take(_ inputs: NamedTensors) {
            for _ in 0..<RecordedInputs.interval { recorded.offer(inputs) }
        }
        take(try inputs(1))
        take(try inputs(2))
        take(try inputs(3, count: 20))
        #expect(firsts(recorded) == [2, 3])
        take(try inputs(4, count: 26))
        #expect(firsts(recorded) == [2, 3])
        take(try inputs(5, count: 25))
        #expect(firsts(recorded) == [5])
    }

    @Test("gives only what the signature accepts")
    func fitting() throws {
        var recorded = RecordedInputs()
        recorded.offer(try inputs(1))
        #expect(recorded.samples(fitting: Samples.flat).count == 1)
        #expect(recorded.samples(fitting: Samples.tokens).isEmpty)
    }

    @Test("keeps copies, so that a received body is let go")
    func copies() throws {
        var recorded = RecordedInputs()
        let given = try inputs(7)
        recorded.offer(given)
        let kept = try #require(recorded.samples(fitting: Samples.flat).first)
        #expect(kept["x"]?.storage !== given["x"]?.storage)
        #expect(Samples.content(kept) == Samples.content(given))
    }

    @Test("keeps nothing when none may be kept")
    func none() throws {
        var recorded = RecordedInputs(maximumSamples: 0)
        recorded.offer(try inputs(1))
        #expect(firsts(recorded) == [])
    }
}
