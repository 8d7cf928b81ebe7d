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

    /// - Parameter curves: Of the profile of the record's version.
    mutating func add(_ record: PredictionRecord, curves: [IsotonicCurve]?) {
        guard case .scores(let values, let classes) = record.answers, record.keptRows > 0 else { return }
        ring.update(at: record.at) { window in
            window.update(record.version) { tally in
                values.withUnsafeBufferPointer { tally.add($0, classes: classes, curves: curves) }
            }
        }
    }

    mutating func move(back milliseconds: Int64) { ring.move(back: milliseconds) }

    func merged(at now: Timestamp) -> [VersionID: EstimateTally] { ring.merged(at: now).versions }
}

/// Estimates of all versions in a part of time.
struct EstimateWindow: Tally {
    static let maximumVersions = 16
    /// Few, and asked for by every prediction: found faster in a list than by their hash.
    private var known: [(version: VersionID, tally: EstimateTally)] = []

    var versions: [VersionID: EstimateTally] {
        Dictionary(uniqueKeysWithValues: known.map { ($0.version, $0.tally) })
    }

    static func == (one: EstimateWindow, other: EstimateWindow) -> Bool { one.versions == other.versions }

    mutating func update(_ version: VersionID, _ body: (inout EstimateTally) -> Void) {
        if let index = known.firstIndex(where: { $0.version == version }) {
            body(&known[index].tally)
        } else if known.count < Self.maximumVersions {
            known.append((version, EstimateTally()))
            body(&known[known.count - 1].tally)
        }
    }

    mutating func merge(_ other: EstimateWindow) {
        for (version, tally) in other.known { update(version) { $0.merge(tally) } }
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

    /// - Parameters:
    ///   - rows: Scores of `classes` classes, row by row.
    ///   - curves: One for each class, or of two classes one for the second; `nil` to believe the scores.
    mutating func add(_ rows: UnsafeBufferPointer<Float>, classes: Int, curves: [IsotonicCurve]?) {
        // Not compared with nil, which would copy it.
        if case .none = sums { sums = ConfidenceEstimate(classes: classes) }
        if let fits = sums?.add(rows, classes: classes, calibratedBy: curves), !fits { isCalibrated = false }
    }

    mutating func merge(_ other: EstimateTally) {
        isCalibrated = isCalibrated && other.isCalibrated
        guard let added = other.sums else { return }
        if sums == nil { sums = added } else { sums?.merge(added) }
    }
}
