// SPDX-License-Identifier: Apache-2.0

import SlipwayControl
import SlipwayCore
import SlipwayMonitoring
import Testing

@Suite("Earlier values of readings")
struct SignalHistoryTests {
    private let key = SignalKey(endpoint: "e", version: nil, kind: .errorRate)

    private func report(_ seconds: Int64, _ value: Double, of keys: [SignalKey]) -> SignalReport {
        SignalReport(
            at: Timestamp(milliseconds: seconds * 1000),
            readings: Dictionary(
                uniqueKeysWithValues: keys.map { ($0, SignalReading(value: value, samples: 1, method: "m")) }))
    }

    @Test("are kept at equal distances, the newest so many")
    func distances() {
        var history = SignalHistory(distance: .seconds(10))
        for second in 0..<Int64(SignalHistory.length * 10 + 100) {
            history.add(report(second, Double(second), of: [key]))
        }
        let values = history.values(of: "e")[key] ?? []
        #expect(values.count == SignalHistory.length)
        #expect(values.last == Double(SignalHistory.length * 10 + 90))
        #expect(zip(values, values.dropFirst()).allSatisfy { $1 - $0 == 10 })
    }

    @Test("go on after the clock was set back")
    func clockStep() {
        var history = SignalHistory(distance: .seconds(10))
        history.add(report(1000, 1, of: [key]))
        history.add(report(10, 2, of: [key]))
        history.add(report(15, 3, of: [key]))
        #expect(history.values(of: "e") == [key: [1, 2]])
    }

    @Test("of a reading that is no more go, and those of other endpoints are not told")
    func gone() {
        let other = SignalKey(endpoint: "f", version: nil, kind: .errorRate)
        var history = SignalHistory(distance: .zero)
        history.add(report(0, 1, of: [key, other]))
        #expect(history.values(of: "e") == [key: [1]])
        history.add(report(1, 2, of: [other]))
        #expect(history.values(of: "e") == [:])
        #expect(history.values(of: "f") == [other: [1, 2]])
    }
}
