// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayWire

/// Bodies of feedback, monitors, alerts, profiles and captured requests.
extension SchemaCatalogue {
    private static let instant = JSONSchema.format("date-time")
    private static let severity = JSONSchema.words(AlertRule.Severity.allCases.map(\.rawValue))
    private static let action = JSONSchema.words(GuardSpec.Action.allCases.map(\.rawValue))
    private static let label = JSONSchema.anyOf([.string, .number, .boolean])

    static let monitoring: KeyValuePairs<String, JSONSchema> = [
        "FeedbackItemDTO": .members([
            "requestID": .string, "label?": .anyOf([label, .list(label)]), "kpis?": .map(.number), "at?": instant,
            "source?": .string,
        ]),
        "FeedbackItemsDTO": .members(["items": .list(.named("FeedbackItemDTO"))]),
        "FeedbackRequest": .anyOf([
            .named("FeedbackItemDTO"), .named("FeedbackItemsDTO"), .list(.named("FeedbackItemDTO")),
        ]),
        "FeedbackResultDTO": .members([
            "requestID": .string, "outcome": .words(FeedbackResultDTO.Outcome.allCases.map(\.rawValue)),
            "message?": .string,
        ]),
        "FeedbackReplyDTO": .members([
            "results": .list(.named("FeedbackResultDTO")), "counts": .map(.count),
        ]),
        "ReadingDTO": .members([
            "version?": .named("VersionID"), "signal": .string, "subject?": .string, "value?": .number,
            "samples": .count, "pValue?": .number, "margin?": .number, "reference?": .number, "method": .string,
            "explanation?": .string, "examples": .list(.string), "windowSeconds?": .number,
            "history?": .list(.anyOf([.number, .null])),
        ]),
        "MonitoredVersionDTO": .members([
            "version": .named("VersionID"), "route": .string, "profileRows?": .count, "profiledAt?": instant,
            "isProvisional": .boolean,
        ]),
        "MonitorsDTO": .members([
            "endpoint": .string, "at": instant, "isLive": .boolean, "versions": .list(.named("MonitoredVersionDTO")),
            "readings": .list(.named("ReadingDTO")), "alerts": .list(.named("AlertDTO")), "labels": .map(.count),
        ]),
        "MonitorEventDTO": .members([
            "id": .count, "at": instant, "kind": .words(MonitorEventDTO.Kind.allCases.map(\.rawValue)),
            "endpoint?": .string, "alert?": .named("AlertDTO"), "decision?": .named("GuardDecisionDTO"),
            "revision?": .named("RevisionDTO"),
        ]),
        "AlertDTO": .members([
            "fingerprint": .pattern("^[0-9a-f]{16}$"), "endpoint": .string, "rule": .string, "severity": severity,
            "state": .words(["pending", "firing", "resolved"]), "startedAt": instant, "firedAt?": instant,
            "endedAt?": instant, "threshold?": .number, "reading": .named("ReadingDTO"), "summary": .string,
            "isSilenced": .boolean,
        ]),
        "GuardDecisionDTO": .members([
            "endpoint": .string, "guardName": .string, "action": action, "at": instant,
            "version?": .named("VersionID"),
            "outcome": .words(["acted", "dryRun", "coolingDown", "nothingToDo", "failed"]), "text": .string,
            "evidence": .list(.named("AlertDTO")), "replica": .string, "delaySeconds?": .number,
        ]),
        "SilenceDTO": .members([
            "id": .string, "endpoint?": .string, "rule?": .string, "subject?": .string, "until": instant,
            "reason": .string,
        ]),
        "SilenceRequest": .members([
            "endpoint?": .string, "rule?": .string, "subject?": .string, "seconds": .number, "reason?": .string,
        ]),
    ]

    static let monitoringData: KeyValuePairs<String, JSONSchema> = [
        "CategoryDTO": .members(["value": .string, "count": .count]),
        "ColumnProfileDTO": .members([
            "name": .string, "kind": .words(["numeric", "categorical", "text"]), "count": .count, "missing": .count,
            "mean?": .number, "standardDeviation?": .number, "minimum?": .number, "maximum?": .number,
            "quantiles?": .list(.number), "categories?": .list(.named("CategoryDTO")), "distinct": .number,
        ]),
        "ProfileDTO": .members([
            "version": .named("VersionID"), "createdAt": instant, "rows": .count,
            "task": .words(PredictionTask.allCases.map(\.rawValue)), "classes": .list(.string),
            "features": .list(.named("ColumnProfileDTO")), "outputs": .list(.named("ColumnProfileDTO")),
            "performance": .map(.number), "isCalibrated": .boolean, "isProvisional": .boolean,
            "leftOut": .list(.string),
        ]),
        "CaptureSegmentDTO": .members([
            "name": .string, "startedAt": instant, "endedAt?": instant, "rows": .count, "byteCount": .count,
        ]),
        "CaptureDTO": .members([
            "endpoint": .string, "segments": .list(.named("CaptureSegmentDTO")), "counts": .map(.count),
        ]),
        "EraseRequest": .members(["requestIDs": .list(.string)]),
        "EraseDTO": .members(["rows": .count, "segments": .count, "stillOpen": .count, "filesRemoved": .count]),
    ]

    static let monitoringSpecs: KeyValuePairs<String, JSONSchema> = [
        "CaptureSpec": .members([
            "rate": .number, "maximumBytes?": .integer, "maximumAgeSeconds?": .number, "redacted": .list(.string),
            "compression?": .string,
        ]),
        "AlertRule": .members([
            "name": .string, "signal": .string, "subjects": .list(.string), "routes": .list(.string),
            "comparison": .words(AlertRule.Comparison.allCases.map(\.rawValue)),
            "baseline": .words(AlertRule.Baseline.allCases.map(\.rawValue)), "threshold?": .number,
            "expectedRunSeconds?": .number, "minimumSamples?": .integer, "forSeconds?": .number,
            "clearThreshold?": .number, "clearSeconds?": .number, "objective?": .number,
            "longWindowSeconds?": .number, "severity": severity, "receivers": .list(.string),
        ]),
        "GuardSpec": .members([
            "name": .string, "rules": .list(.string), "action": action, "fallback?": .named("VersionID"),
            "receiver?": .string, "coolDownSeconds?": .number, "isDryRun": .boolean,
        ]),
        "MonitoringSpec": .members([
            "isEnabled?": .boolean, "windowSeconds?": .number, "buckets?": .integer, "bucketRows?": .integer,
            "sampledRows?": .integer, "task?": .words(PredictionTask.allCases.map(\.rawValue)),
            "scoreOutput?": .string, "segment?": .string, "labelWindowSeconds?": .number,
            "labelBudgetBytes?": .integer, "capture?": .named("CaptureSpec"), "rules?": .list(.named("AlertRule")),
            "guards?": .list(.named("GuardSpec")),
        ]),
    ]
}
