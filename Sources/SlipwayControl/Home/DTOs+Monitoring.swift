// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
package import SlipwayMonitoring
import SlipwayNumerics
package import SlipwayWire

extension Double {
    /// `nil` for what JSON cannot hold.
    fileprivate var finite: Double? { isFinite ? self : nil }
}

extension ReadingDTO {
    init(_ key: SignalKey, _ reading: SignalReading) {
        self.init(
            version: key.version, signal: key.kind.rawValue, subject: key.subject, value: reading.value.finite,
            samples: reading.samples, method: reading.method)
        pValue = reading.pValue?.finite
        margin = reading.margin?.finite
        reference = reading.reference?.finite
        explanation = reading.explanation
        examples = reading.examples
    }
}

extension AlertDTO {
    package init(_ alert: Alert) {
        self.init(
            fingerprint: alert.fingerprint, endpoint: alert.key.endpoint, rule: alert.rule, severity: alert.severity,
            state: alert.state.rawValue, startedAt: alert.startedAt, reading: ReadingDTO(alert.key, alert.reading),
            summary: alert.summary)
        firedAt = alert.firedAt
        endedAt = alert.endedAt
        threshold = alert.threshold.finite
        isSilenced = alert.isSilenced
    }
}

extension GuardDecisionDTO {
    package init(_ decision: GuardDecision) {
        self.init(
            endpoint: decision.endpoint, guardName: decision.guardName, action: decision.action, at: decision.at,
            version: decision.version, outcome: decision.outcome.rawValue, text: decision.text,
            evidence: decision.evidence.map(AlertDTO.init), replica: decision.replica)
        delaySeconds = decision.delaySeconds?.finite
    }
}

extension SilenceDTO {
    init(_ silence: Silence) {
        self.init(
            id: silence.id, endpoint: silence.endpoint, rule: silence.rule, subject: silence.subject,
            until: silence.until, reason: silence.reason)
    }
}

extension CaptureSegmentDTO {
    init(_ segment: CaptureSegment) {
        self.init(
            name: segment.name, startedAt: segment.startedAt, endedAt: segment.endedAt, rows: segment.rows,
            byteCount: segment.byteCount)
    }
}

extension ProfileDTO {
    init(_ profile: ReferenceProfile, of version: VersionID) {
        self.init(
            version: version, createdAt: profile.createdAt, rows: profile.rows, task: profile.task,
            features: profile.features.map(ColumnProfileDTO.init), outputs: profile.outputs.map(ColumnProfileDTO.init))
        classes = profile.classes
        performance = profile.performance.filter { $0.value.isFinite }
        isCalibrated = profile.calibration != nil
        isProvisional = profile.isProvisional
        leftOut = profile.leftOut
    }
}

extension ColumnProfileDTO {
    /// Values shown of a category table.
    private static let shownCategories = 20

    init(_ column: ColumnProfile) {
        self.init(
            name: column.name, kind: column.kind.rawValue, count: column.count, missing: column.missing,
            distinct: column.distinct.finite ?? 0)
        mean = column.mean?.finite
        standardDeviation = column.standardDeviation?.finite
        minimum = column.minimum?.finite
        maximum = column.maximum?.finite
        quantiles = column.counts.map { counts in
            [0.05, 0.25, 0.5, 0.75, 0.95].compactMap { counts.quantile($0)?.finite }
        }
        categories = column.categories.map { table in
            table.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(Self.shownCategories)
                .map { CategoryDTO(value: $0.key, count: $0.value) }
        }
    }
}
