// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayWire

/// One value of each monitoring DTO, every member set, by the name of its schema.
enum MonitoringSamples {
    private static let version = VersionID(model: "m", number: 1)
    private static let instant = Timestamp(milliseconds: 1)

    static let spec: MonitoringSpec = {
        var spec = MonitoringSpec()
        spec.isEnabled = true
        spec.windowSeconds = 60
        spec.buckets = 6
        spec.bucketRows = 1000
        spec.sampledRows = 8
        spec.task = .classification
        spec.scoreOutput = "p"
        spec.segment = "parameter:country"
        spec.labelWindowSeconds = 3600
        spec.labelBudgetBytes = 1 << 20
        var capture = CaptureSpec(rate: .all)
        capture.maximumBytes = 1 << 20
        capture.maximumAgeSeconds = 60
        capture.redacted = ["name"]
        capture.compression = "lz4"
        spec.capture = capture
        var rule = AlertRule(name: "drift", signal: "psi", threshold: 0.2)
        rule.expectedRunSeconds = 1
        rule.minimumSamples = 1
        rule.forSeconds = 1
        rule.clearThreshold = 0.1
        rule.clearSeconds = 1
        rule.objective = 0.99
        rule.longWindowSeconds = 60
        spec.rules = [rule]
        var action = GuardSpec(name: "undo", rules: ["drift"], action: .fallback)
        action.fallback = version
        action.receiver = "oncall"
        action.coolDownSeconds = 1
        spec.guards = [action]
        return spec
    }()

    private static let reading: ReadingDTO = {
        var reading = ReadingDTO(version: version, signal: "psi", subject: "age", value: 0.5, samples: 9, method: "m")
        reading.pValue = 0.01
        reading.margin = 0.1
        reading.reference = 0.2
        reading.explanation = "e"
        reading.examples = ["r"]
        reading.windowSeconds = 60
        reading.history = [0.1, nil]
        return reading
    }()

    private static let alert: AlertDTO = {
        var alert = AlertDTO(
            fingerprint: "0123456789abcdef", endpoint: "e", rule: "drift", severity: .warning, state: "firing",
            startedAt: instant, reading: reading, summary: "s")
        alert.firedAt = instant
        alert.endedAt = instant
        alert.threshold = 0.2
        return alert
    }()

    private static let decision: GuardDecisionDTO = {
        var decision = GuardDecisionDTO(
            endpoint: "e", guardName: "undo", action: .rollBack, at: instant, version: version, outcome: "acted",
            text: "t", evidence: [alert], replica: "r")
        decision.delaySeconds = 0.5
        return decision
    }()

    private static let event: MonitorEventDTO = {
        var event = MonitorEventDTO(id: 1, at: instant, kind: .alert, endpoint: "e")
        event.alert = alert
        event.decision = decision
        event.revision = RevisionDTO(
            number: 1, spec: EndpointSpec(primary: version), createdAt: instant, reason: "deploy")
        return event
    }()

    private static let profile: ProfileDTO = {
        var column = ColumnProfileDTO(name: "age", kind: "numeric", count: 9, missing: 1, distinct: 5)
        column.mean = 1
        column.standardDeviation = 1
        column.minimum = 0
        column.maximum = 2
        column.quantiles = [0, 1, 1, 1, 2]
        column.categories = [CategoryDTO(value: "a", count: 3)]
        var profile = ProfileDTO(
            version: version, createdAt: instant, rows: 9, task: .regression, features: [column], outputs: [column])
        profile.classes = ["a"]
        profile.performance = ["mae": 1]
        profile.leftOut = ["b"]
        return profile
    }()

    static let all: [(String, any Encodable & Sendable)] = [
        (
            "FeedbackRequest",
            FeedbackRequest(items: [
                FeedbackItemDTO(
                    requestID: "r", label: .list([.number(1), .flag(true), .text("a")]), kpis: ["k": 1], at: instant,
                    source: "s"),
                FeedbackItemDTO(requestID: "r", label: .text("a")),
            ])
        ),
        (
            "FeedbackReplyDTO",
            FeedbackReplyDTO(results: [FeedbackResultDTO(requestID: "r", outcome: .invalid, message: "m")])
        ),
        (
            "MonitorsDTO",
            MonitorsDTO(
                endpoint: "e", at: instant, isLive: true,
                versions: [
                    MonitoredVersionDTO(version: version, route: "primary", profileRows: 9, profiledAt: instant)
                ], readings: [reading], alerts: [alert], labels: ["waiting": 1])
        ),
        ("MonitorEventDTO", event), ("AlertDTO", alert), ("GuardDecisionDTO", decision), ("ProfileDTO", profile),
        (
            "SilenceDTO",
            SilenceDTO(id: "1", endpoint: "e", rule: "r", subject: "s", until: instant, reason: "because")
        ),
        ("SilenceRequest", SilenceRequest(endpoint: "e", rule: "r", subject: "s", seconds: 60, reason: "because")),
        (
            "CaptureDTO",
            CaptureDTO(
                endpoint: "e",
                segments: [
                    CaptureSegmentDTO(name: "1.arrow", startedAt: instant, endedAt: instant, rows: 1, byteCount: 2)
                ], counts: ["kept": 1])
        ),
        ("EraseRequest", EraseRequest(requestIDs: ["r"])), ("EraseDTO", EraseDTO(rows: 1, segments: 1)),
    ]
}
