// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayNumerics

/// Turns sums of quality into readings.
struct QualityReadings {
    private static let labels = "labels that came in the window"
    private static let confidence =
        "CBPE by scores in the window, cannot see concept drift"

    let endpoint: String
    private(set) var readings: [SignalKey: SignalReading] = [:]

    init(endpoint: String) { self.endpoint = endpoint }

    mutating func add(_ quality: VersionQuality, of version: VersionID, reference: [String: Double]) {
        add(quality.all, of: version, subject: nil, reference: reference)
        for (name, tally) in quality.segments { add(tally, of: version, subject: name, reference: [:]) }
        for (name, sums) in quality.kpis {
            put(
                .kpi, version, name,
                SignalReading(
                    value: sums.mean, samples: sums.count,
                    margin: ConfidenceMargin.mean(sampleVariance: sums.sampleVariance, count: sums.count),
                    method: "mean of what came in the window, 95 % by Student's t"))
        }
        let ended = quality.labelled + quality.unlabelled
        if ended > 0 {
            let share = Double(quality.labelled) / Double(ended)
            put(
                .labelCoverage, version, nil,
                SignalReading(
                    value: share, samples: ended, margin: ConfidenceMargin.share(share, of: Double(ended)),
                    method: "requests with a label, of those whose waiting ended in the window"))
        }
    }

    mutating func add(_ estimate: EstimateTally, of version: VersionID, reference: [String: Double]) {
        guard let sums = estimate.sums else { return }
        let method = Self.confidence + (estimate.isCalibrated ? "" : ", scores not calibrated")
        func reading(_ value: Double, margin: Double?, _ kind: SignalKind) -> SignalReading {
            SignalReading(
                value: value, samples: sums.count, margin: margin, reference: reference[kind.rawValue],
                method: method)
        }
        if let value = sums.accuracy {
            put(.estimatedAccuracy, version, nil, reading(value, margin: sums.accuracyMargin, .accuracy))
        }
        if let value = sums.f1 { put(.estimatedF1, version, nil, reading(value, margin: nil, .f1)) }
        if let value = sums.rocAUC {
            put(.estimatedROCAUC, version, nil, reading(value, margin: nil, .rocAUC))
        }
    }

    private mutating func add(
        _ tally: QualityTally, of version: VersionID, subject: String?, reference: [String: Double]
    ) {
        for metric in tally.metrics {
            put(
                metric.kind, version, subject,
                SignalReading(
                    value: metric.value, samples: metric.samples, margin: metric.margin,
                    reference: reference[metric.kind.rawValue],
                    method: metric.method.isEmpty ? Self.labels : "\(Self.labels), \(metric.method)"))
        }
    }

    private mutating func put(_ kind: SignalKind, _ version: VersionID, _ subject: String?, _ reading: SignalReading) {
        guard reading.value.isFinite else { return }
        readings[SignalKey(endpoint: endpoint, version: version, kind: kind, subject: subject)] = reading
    }
}
