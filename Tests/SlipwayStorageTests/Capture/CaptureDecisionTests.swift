// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayStorage
import Testing

@Suite("What capture decides")
struct CaptureDecisionTests {
    @Test("draws the share that was asked for, by id", arguments: [0.0, 0.5, 10, 50, 99.99, 100])
    func rate(percent: Double) throws {
        let rate = try #require(Share(percent: percent))
        let drawn = (0..<20_000).filter { CaptureSampling.isDrawn("request-\($0)", rate: rate) }.count
        // Five standard deviations of 20,000 draws, at most 354.
        let expected = percent * 200
        #expect(abs(Double(drawn) - expected) <= 5 * (expected * (1 - percent / 100)).squareRoot())
    }

    @Test("draws all that a smaller share draws")
    func nested() throws {
        let (small, large) = (try #require(Share(percent: 5)), try #require(Share(percent: 20)))
        let ids = (0..<5000).map { "id\($0)" }.filter { CaptureSampling.isDrawn($0, rate: small) }
        #expect(!ids.isEmpty)
        #expect(ids.allSatisfy { CaptureSampling.isDrawn($0, rate: large) })
    }

    @Test("rests ever longer after failures, and begins anew after a success")
    func gate() {
        var gate = CaptureGate()
        var now: Int64 = 0
        var pauses: [Int64] = []
        for _ in 0..<8 {
            gate.failed("full", at: Timestamp(milliseconds: now))
            #expect(gate.isClosed && gate.trouble == "full")
            let start = now
            while gate.isClosed {
                now += 1000
                gate.look(at: Timestamp(milliseconds: now))
            }
            pauses.append((now - start) / 1000)
        }
        #expect(pauses == [10, 20, 40, 80, 160, 300, 300, 300])
        // It still says what was wrong until a write succeeds.
        #expect(gate.trouble == "full")
        gate.succeeded()
        #expect(gate.trouble == nil && !gate.isClosed)
    }

    @Test("begins its rest anew when the clock steps back, and does not rest for ever")
    func clockStep() {
        var gate = CaptureGate()
        gate.failed("full", at: Timestamp(milliseconds: 1_000_000_000))
        gate.look(at: Timestamp(milliseconds: 0))
        #expect(gate.isClosed)
        gate.look(at: Timestamp(milliseconds: 10_000))
        #expect(!gate.isClosed)
    }
}
