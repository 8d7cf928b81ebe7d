// SPDX-License-Identifier: Apache-2.0

/// How an endpoint is watched; what is `nil` has the default named beside it.
public struct MonitoringSpec: Sendable, Hashable, Codable {
    /// `false` to keep no counters of data and quality; default `true`.
    public var isEnabled: Bool?
    /// Length of the window that statistics are of, in seconds; default 3600.
    public var windowSeconds: Double?
    /// Parts of a window that come and go together, 1 (tumbling) to 60; default 12.
    public var buckets: Int?
    /// A part of a window also ends after so many rows; `nil` for never.
    public var bucketRows: Int?
    /// Rows of one request that are looked at, the first and then every k-th; default 64.
    public var sampledRows: Int?
    /// What the answers are; `nil` to tell from profile and signature.
    public var task: PredictionTask?
    /// The output with one score for each class, or the number predicted; `nil` to find it.
    public var scoreOutput: String?
    /// What quality is told apart by: an input's name, or `parameter:NAME`.
    public var segment: String?
    /// How long a prediction waits for its label, in seconds; default 86,400.
    public var labelWindowSeconds: Double?
    /// Memory and disk for predictions that wait for labels; default 64 MiB.
    public var labelBudgetBytes: Int?
    /// `nil` to capture nothing.
    public var capture: CaptureSpec?
    public static let usualWindowSeconds = 3600.0
    /// Parts of a window where ``buckets`` is not set: as many as 8 KB hold for each feature.
    public static let usualBuckets = 10

    public var rules: [AlertRule]
    public var guards: [GuardSpec]

    public init() {
        rules = []
        guards = []
    }

    private enum CodingKeys: String, CodingKey {
        case isEnabled, windowSeconds, buckets, bucketRows, sampledRows, task, scoreOutput, segment
        case labelWindowSeconds, labelBudgetBytes, capture, rules, guards
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        isEnabled = try container.decodeIfPresent(Bool.self, forKey: .isEnabled)
        windowSeconds = try container.decodeIfPresent(Double.self, forKey: .windowSeconds)
        buckets = try container.decodeIfPresent(Int.self, forKey: .buckets)
        bucketRows = try container.decodeIfPresent(Int.self, forKey: .bucketRows)
        sampledRows = try container.decodeIfPresent(Int.self, forKey: .sampledRows)
        task = try container.decodeIfPresent(PredictionTask.self, forKey: .task)
        scoreOutput = try container.decodeIfPresent(String.self, forKey: .scoreOutput)
        segment = try container.decodeIfPresent(String.self, forKey: .segment)
        labelWindowSeconds = try container.decodeIfPresent(Double.self, forKey: .labelWindowSeconds)
        labelBudgetBytes = try container.decodeIfPresent(Int.self, forKey: .labelBudgetBytes)
        capture = try container.decodeIfPresent(CaptureSpec.self, forKey: .capture)
        rules = try container.decodeIfPresent([AlertRule].self, forKey: .rules) ?? []
        guards = try container.decodeIfPresent([GuardSpec].self, forKey: .guards) ?? []
    }
}

/// What kind of answer a model gives.
public enum PredictionTask: String, Sendable, Hashable, Codable, CaseIterable {
    case classification, regression, other
}

/// Which requests are kept on disk, and for how long.
public struct CaptureSpec: Sendable, Hashable, Codable {
    /// Of the endpoint's requests; drawn by request id, so that request and feedback agree.
    public var rate: Share
    /// Bytes of the endpoint's segments together; default 1 GiB. The oldest go first.
    public var maximumBytes: Int?
    /// In seconds; default 30 days.
    public var maximumAgeSeconds: Double?
    /// Inputs, outputs and parameters whose values are left out before anything reaches the disk.
    public var redacted: [String]
    /// `lz4`, `zstd` or `none`; default `lz4` where its library is found.
    public var compression: String?

    public init(rate: Share) {
        self.rate = rate
        redacted = []
    }
}

/// When a signal becomes an alert.
public struct AlertRule: Sendable, Hashable, Codable {
    public enum Severity: String, Sendable, Hashable, Codable, CaseIterable { case info, warning, critical }
    public enum Comparison: String, Sendable, Hashable, Codable, CaseIterable { case above, below }
    /// What a signal is held against.
    public enum Baseline: String, Sendable, Hashable, Codable, CaseIterable {
        /// The threshold itself.
        case absolute
        /// The same signal of the primary: the difference is compared with the threshold.
        case primary
        /// The signal's own last day: the threshold is a multiple of the end of what was usual.
        case past
    }

    /// Unique within the endpoint.
    public var name: String
    /// A signal's name, such as `psi` or `error_rate`; `slipway monitor signals` lists them.
    public var signal: String
    /// Features, outputs, classes or segments; empty for all that the signal is told of.
    public var subjects: [String]
    /// Versions by their part: `primary`, `canary`, `shadow`; empty for all.
    public var routes: [RouteKind]
    public var comparison: Comparison
    public var baseline: Baseline
    /// `nil` to choose it by ``expectedRunSeconds``.
    public var threshold: Double?
    /// The mean time between false alarms that is wanted; for signals that have a p-value, false discoveries among
    /// subjects are controlled too.
    public var expectedRunSeconds: Double?
    /// Below so many samples in the window the rule says nothing; default 200.
    public var minimumSamples: Int?
    /// How long it must hold before it fires; default 0.
    public var forSeconds: Double?
    /// Where a firing alert ends; `nil` for the threshold itself.
    public var clearThreshold: Double?
    /// How long it must be clear before it ends; default 60.
    public var clearSeconds: Double?
    /// For `burn_rate`: the share of requests that must be good, such as 0.999.
    public var objective: Double?
    /// For `burn_rate`: the longer window; the shorter is a twelfth of it.
    public var longWindowSeconds: Double?
    public var severity: Severity
    /// Names of receivers; empty for all.
    public var receivers: [String]

    public init(name: String, signal: String, comparison: Comparison = .above, threshold: Double? = nil) {
        self.name = name
        self.signal = signal
        self.comparison = comparison
        self.threshold = threshold
        subjects = []
        routes = []
        baseline = .absolute
        severity = .warning
        receivers = []
    }
}

/// What an alert does by itself.
public struct GuardSpec: Sendable, Hashable, Codable {
    public enum Action: String, Sendable, Hashable, Codable, CaseIterable {
        /// Holds a rollout at its step.
        case stopRollout = "stop-rollout"
        /// Takes the canaries' shares back to the primary.
        case shiftTraffic = "shift-traffic"
        /// Repeats the last revision whose versions had no alert.
        case rollBack = "roll-back"
        /// Sends everything to ``GuardSpec/fallback``.
        case fallback
        /// Only tells the receivers, as critical.
        case page
        /// Calls a receiver with the address of the labelled export.
        case retrain
    }

    /// Unique within the endpoint.
    public var name: String
    /// Names of rules; any of them sets it off.
    public var rules: [String]
    public var action: Action
    /// A version that serves instead, as a reference; for `fallback`.
    public var fallback: VersionID?
    /// The receiver that is called; for `retrain` and `page`.
    public var receiver: String?
    /// It does nothing for so long after it acted; default 600.
    public var coolDownSeconds: Double?
    /// Decides and records, and does nothing.
    public var isDryRun: Bool

    public init(name: String, rules: [String], action: Action) {
        self.name = name
        self.rules = rules
        self.action = action
        isDryRun = false
    }
}
