// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayNumerics

/// Quality that is expected of predictions by their own confidence, for versions and windows (CBPE).
///
/// It sees a shift of inputs. It cannot see concept drift: where the truth changes and the scores do not, the
/// estimate stays.
struct QualityEstimates: Sendable {
    private(set) var ring: WindowRing<EstimateWindow>

    init(_ shape: WindowShape) { ring = WindowRing(shape) }

    mutating func add(_ record: PredictionRecord, reader: AnswerReader) {
        guard case .scores(let values, let classes) = record.answers else { return }
        let curves = reader.profile?.calibration
        ring.update(at: record.at) { window in
            window.update(record.version) { tally in
                for row in 0..<(values.count / classes) {
                    tally.add(values[(row * classes)..<((row + 1) * classes)], curves: curves)
                }
            }
        }
    }

    mutating func move(back milliseconds: Int64) { ring.move(back: milliseconds) }

    func merged(at now: Timestamp) -> [VersionID: EstimateTally] { ring.merged(at: now).versions }
}

/// Estimates of all versions in a part of time.
struct EstimateWindow: Tally {
    static let maximumVersions = 16
    private(set) var versions: [VersionID: EstimateTally] = [:]

    mutating func update(_ version: VersionID, _ body: (inout EstimateTally) -> Void) {
        guard versions[version] != nil || versions.count < Self.maximumVersions else { return }
        body(&versions[version, default: EstimateTally()])
    }

    mutating func merge(_ other: EstimateWindow) {
        for (version, tally) in other.versions { update(version) { $0.merge(tally) } }
    }
}

/// What the scores of a version promise, and by what right; merges by addition, constant memory.
struct EstimateTally: Tally {
    private(set) var isCalibrated = true
    private(set) var sums: ConfidenceEstimate?

    init() {}

    /// Sums that were kept elsewhere.
    init(isCalibrated: Bool, sums: ConfidenceEstimate) {
        self.isCalibrated = isCalibrated
        self.sums = sums
    }

    /// - Parameter curves: One for each class, or of two classes one for the second; `nil` to believe the scores.
    mutating func add(_ row: ArraySlice<Float>, curves: [IsotonicCurve]?) {
        let scores = row.map { Double($0) }
        let calibrated = curves.flatMap { ConfidenceEstimate.calibrated(scores, by: $0) }
        isCalibrated = isCalibrated && calibrated != nil
        var estimate = sums ?? ConfidenceEstimate(classes: scores.count)
        sums = nil
        estimate.add(
            probabilities: calibrated ?? scores, scores: scores, predicted: AnswerReader.best(row).index)
        sums = estimate
    }

    mutating func merge(_ other: EstimateTally) {
        isCalibrated = isCalibrated && other.isCalibrated
        guard let added = other.sums else { return }
        if sums == nil { sums = added } else { sums?.merge(added) }
    }
}
