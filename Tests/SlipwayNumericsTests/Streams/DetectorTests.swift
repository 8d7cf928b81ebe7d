// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayNumerics
import Testing

@Suite("Detectors of change")
struct DetectorTests {
    private struct Settings: Decodable {
        var delta: Double?
        var clock: Int?
    }

    private struct Adaptive: Decodable {
        var values: [Double]
        var settings: Settings
        var detections: [Int]
        var width: Int
        var variance, mean: Double
    }

    private struct File: Decodable {
        var stream: [Double]
        var pageHinkley, riverPageHinkley: Int
        var adwin: [Adaptive]
    }

    @Test("Page-Hinkley detects where river does")
    func pageHinkley() throws {
        let file = try Golden.load(File.self, "streams")
        #expect(file.pageHinkley == 1006)
        #expect(file.riverPageHinkley == 1006)
        var detector = PageHinkley()
        #expect(file.stream.firstIndex { detector.add($0) } == 1006)
    }

    @Test("ADWIN detects where river does, and has its window", arguments: 0..<5)
    func adwin(index: Int) throws {
        let golden = try Golden.load(File.self, "streams").adwin[index]
        var detector = ADWIN(delta: golden.settings.delta ?? 0.002, clock: golden.settings.clock ?? 32)
        let detections = golden.values.indices.filter { detector.add(golden.values[$0]) }
        #expect(detections == golden.detections)
        #expect(detector.width == golden.width)
        // Sums that were added to and taken from two thousand times.
        #expect(near(detector.mean, golden.mean, 1e-9))
        #expect(near(detector.variance, golden.variance, 1e-6))
    }

    @Test("ADWIN's memory grows with the logarithm, and it goes on after a restart")
    func adwinState() throws {
        var random = SplitMix64(seed: 3)
        var (first, second) = (ADWIN(), ADWIN())
        for index in 0..<5000 {
            let x = random.unit()
            _ = first.add(x)
            _ = second.add(x)
            if index == 2500 { second = try recoded(second) }
        }
        #expect(first == second)
        #expect(first.width == 5000)
        // Five buckets in each of log2(5000 / 5) + 1 rows, no more.
        #expect(first.bucketCount <= 5 * 12)
    }

    @Test("ADWIN raises no alarm in a long still stream")
    func adwinStill() {
        var random = SplitMix64(seed: 33)
        var detector = ADWIN()
        // 16,000 is the least expected run; the bound is loose, no alarm in 20,000 has been seen for any seed tried.
        #expect((0..<20_000).allSatisfy { _ in !detector.add(random.unit()) })
    }

    @Test("CUSUM's false alarms come as documented")
    func cusumRunLength() {
        var random = SplitMix64(seed: 41)
        var detector = CUSUM()
        let alarms = (0..<100_000).filter { _ in detector.add(normal(&random)) }.count
        // 215 expected of 465; their number has a deviation of about its root. Twelve even numbers have lighter tails
        // than the normal, so that somewhat fewer come.
        #expect((150...270).contains(alarms))
    }

    @Test("EWMA's false alarms come as documented")
    func ewmaRunLength() {
        var random = SplitMix64(seed: 42)
        var detector = EWMA()
        let alarms = (0..<100_000).filter { _ in detector.add(normal(&random)) }.count
        // 433 expected of 231; as above.
        #expect((330...520).contains(alarms))
    }

    @Test("see a shift of one deviation in about ten numbers, on either side", arguments: [1.0, -1.0])
    func delay(shift: Double) {
        var random = SplitMix64(seed: 43)
        var (cusum, ewma) = (0, 0)
        for _ in 0..<400 {
            var (first, second) = (CUSUM(), EWMA())
            while !first.add(normal(&random) + shift) { cusum += 1 }
            while !second.add(normal(&random) + shift) { ewma += 1 }
        }
        // 10.4 and 7.8 less the last one; means of 400 with deviations of about 5.
        #expect(abs(Double(cusum) / 400 - 9.4) < 1)
        #expect(abs(Double(ewma) / 400 - 6.8) < 1)
    }

    @Test("leave out what is not finite", arguments: [Double.nan, .infinity, -.infinity])
    func notFinite(x: Double) {
        var (cusum, ewma, hinkley, adwin) = (CUSUM(), EWMA(), PageHinkley(), ADWIN())
        let before = (cusum, ewma, hinkley, adwin)
        for _ in 0..<100 {
            let alarms = [cusum.add(x), ewma.add(x), hinkley.add(x), adwin.add(x)]
            #expect(!alarms.contains(true))
        }
        #expect(cusum == before.0 && ewma == before.1 && hinkley == before.2 && adwin == before.3)
    }
}
