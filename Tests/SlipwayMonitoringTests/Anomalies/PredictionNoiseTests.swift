// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayMonitoring
import Testing

@Suite struct PredictionNoiseTests {
    private func probes(_ planner: inout NoisePlanner, profile: ReferenceProfile?, seconds: Int) throws -> [NoiseProbe]
    {
        var found: [NoiseProbe] = []
        for index in 0..<(seconds * 2000) {
            let prediction = try Rows.prediction(
                [1, 2], columns: 2, scores: [0.5], at: 1_000_000 + Int64(index) / 2, id: "r\(index)")
            let probe = PredictionBatch([prediction]).withPredictions { planner.pick($0[0], profile: profile) }
            if let probe { found.append(probe) }
        }
        return found
    }

    @Test("at most one request in a thousand and one in a second is asked again")
    func rate() throws {
        var planner = NoisePlanner()
        let found = try probes(&planner, profile: nil, seconds: 5)
        #expect((3...5).contains(found.count))
        #expect(found.allSatisfy { $0.kind == .repeated })
    }

    @Test("every second probe moves the numbers by a hundredth of their deviation")
    func perturbed() throws {
        let profile = try Rows.profile((0..<400).map { Double($0) }, columns: 2)
        var planner = NoisePlanner()
        let found = try probes(&planner, profile: profile, seconds: 5)
        #expect(Set(found.map(\.kind)) == [.repeated, .perturbed])
        let moved = try #require(found.first { $0.kind == .perturbed }?.inputs["input"]?.values(as: Float.self))
        let deviation = try #require(profile.features[0].standardDeviation)
        // Float of a number near 1.
        #expect(abs(abs(Double(moved[0]) - 1) - deviation * NoisePlanner.step) < 1e-5)
    }

    @Test("equal answers are no noise, different ones their deviation in that of the reference")
    func statistic() throws {
        let scores = Rows.normal(1000, seed: 1)
        let profile = try Rows.profile(scores, scores: scores)
        let book = Rows.book(profile)
        var planner = NoisePlanner()
        let probe = try #require(try probes(&planner, profile: nil, seconds: 1).first)
        let same = try #require(NoiseReading(probe, answer: probe.outputs, profile: profile))
        #expect(same.variance == 0)
        let deviation = try #require(profile.outputs.first?.standardDeviation)
        let other: NamedTensors = ["score": try Tensor([0.5 + deviation * 0.2], shape: [1, 1])]
        let noisy = try #require(NoiseReading(probe, answer: other, profile: profile))
        // Half the square of the difference, to rounding.
        #expect(abs(noisy.variance - 0.02) < 1e-9)
        for _ in 0..<10 { book.add(noisy, endpoint: "fraud", version: Rows.version) }
        let reading = try #require(book.report(at: Timestamp(milliseconds: 1)).reading(.predictionNoise))
        #expect(abs(reading.value - 0.02.squareRoot()) < 1e-9)
        #expect(reading.examples.first == probe.requestID)
    }
}
