// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// One plain value of a spec: its key in endpoint files, its place in the JSON, how it is written and read.
///
/// ``all`` is the only place that names both sides; the reader and the diff follow it.
package struct SpecLeaf: Sendable {
    typealias Path<V> = any WritableKeyPath<EndpointSpec, V?> & Sendable

    enum Value: Sendable {
        case flag(Path<Bool>)
        case count(Path<Int>)
        case counts(Path<[Int]>)
        case bytes(Path<Int>)
        case milliseconds(Path<Double>)
        case seconds(Path<Double>)
        case text(Path<String>)
        /// A number, or `auto` for `nil`.
        case instances
        /// One of these words, which are stored as they are written.
        case choice([String], Path<String>)
    }

    /// The mapping it stands in, `batching`; `nil` for the endpoint's own.
    package let section: String?
    package let key: String
    /// In the spec's JSON: `batching.maximumRows`.
    package let path: String
    let value: Value

    init(_ section: String?, _ key: String, _ path: String, _ value: Value) {
        self.section = section
        self.key = key
        self.path = path
        self.value = value
    }

    /// `batching.max_batch`.
    package var label: String { section.map { "\($0).\(key)" } ?? key }

    package static let all = serving + monitoring

    private static let serving: [SpecLeaf] = [
        SpecLeaf(nil, "engine", "engine", .text(\.engine)),
        SpecLeaf(nil, "device", "device", .text(\.deviceName)),
        SpecLeaf(
            nil, "precision", "precision", .choice(InferencePrecision.allCases.map(\.rawValue), \.precisionName)),
        SpecLeaf(nil, "instances", "instances", .instances),
        SpecLeaf(nil, "cache", "cacheBytes", .bytes(\.cacheBytes)),
        SpecLeaf("batching", "enabled", "batching.isEnabled", .flag(\.batching.isEnabled)),
        SpecLeaf("batching", "max_batch", "batching.maximumRows", .count(\.batching.maximumRows)),
        SpecLeaf("batching", "preferred", "batching.preferredRows", .counts(\.batching.preferredRows)),
        SpecLeaf("batching", "max_delay", "batching.maximumDelayMs", .milliseconds(\.batching.maximumDelayMs)),
        SpecLeaf("batching", "latency_target", "batching.latencyTargetMs", .milliseconds(\.batching.latencyTargetMs)),
        SpecLeaf("batching", "pad", "batching.pads", .flag(\.batching.pads)),
        SpecLeaf("batching", "padded_dimension", "batching.paddedDimension", .text(\.batching.paddedDimension)),
        SpecLeaf("batching", "mask", "batching.mask", .text(\.batching.mask)),
        SpecLeaf("limits", "requests", "limits.requests", .count(\.limits.requests)),
        SpecLeaf("limits", "rows", "limits.rows", .count(\.limits.rows)),
        SpecLeaf("limits", "bytes", "limits.bytes", .bytes(\.limits.bytes)),
        SpecLeaf("limits", "wait", "limits.waitMs", .milliseconds(\.limits.waitMs)),
        SpecLeaf("limits", "deadline", "limits.deadlineMs", .milliseconds(\.limits.deadlineMs)),
        SpecLeaf("limits", "call", "limits.callMs", .milliseconds(\.limits.callMs)),
        SpecLeaf(
            "quota", "requests_per_minute", "limits.quota.requestsPerMinute",
            .count(\.limits.allQuota.requestsPerMinute)),
        SpecLeaf("quota", "rows_per_minute", "limits.quota.rowsPerMinute", .count(\.limits.allQuota.rowsPerMinute)),
        SpecLeaf(
            "quota", "tokens_per_minute", "limits.quota.tokensPerMinute", .count(\.limits.allQuota.tokensPerMinute)),
        SpecLeaf(
            "client_quota", "requests_per_minute", "limits.clientQuota.requestsPerMinute",
            .count(\.limits.eachQuota.requestsPerMinute)),
        SpecLeaf(
            "client_quota", "rows_per_minute", "limits.clientQuota.rowsPerMinute",
            .count(\.limits.eachQuota.rowsPerMinute)),
        SpecLeaf(
            "client_quota", "tokens_per_minute", "limits.clientQuota.tokensPerMinute",
            .count(\.limits.eachQuota.tokensPerMinute)),
        SpecLeaf(
            "lifecycle", "policy", "lifecycle.policy",
            .choice(LifecycleSpec.Policy.allCases.map(\.rawValue), \.lifecycle.policyName)),
        SpecLeaf("lifecycle", "pinned", "lifecycle.isPinned", .flag(\.lifecycle.isPinned)),
        SpecLeaf(
            "lifecycle", "load", "lifecycle.loading",
            .choice(LifecycleSpec.Loading.allCases.map(\.rawValue), \.lifecycle.loadingName)),
        SpecLeaf(
            "lifecycle", "idle_unload", "lifecycle.idleUnloadSeconds", .seconds(\.lifecycle.idleUnloadSeconds)),
        SpecLeaf(
            "lifecycle", "rollback_window", "lifecycle.rollbackWindowSeconds",
            .seconds(\.lifecycle.rollbackWindowSeconds)),
        SpecLeaf(
            "lifecycle", "warm_up", "lifecycle.warmUp",
            .choice(LifecycleSpec.WarmUp.allCases.map(\.rawValue), \.lifecycle.warmUpName)),
        SpecLeaf("language", "context", "language.context", .count(\.language.context)),
        SpecLeaf("language", "cache_tokens", "language.cacheTokens", .count(\.language.cacheTokens)),
        SpecLeaf(
            "language", "cache_type", "language.cacheType",
            .choice(LanguageSpec.CacheType.allCases.map(\.rawValue), \.language.cacheTypeName)),
        SpecLeaf("language", "latency_target", "language.latencyTargetMs", .milliseconds(\.language.latencyTargetMs)),
        SpecLeaf(
            "language", "speculation", "language.speculation",
            .choice(LanguageSpec.Speculation.allCases.map(\.rawValue), \.language.speculationName)),
        SpecLeaf("language", "queued_tokens", "language.queuedTokens", .count(\.language.queuedTokens)),
    ]

    private static let monitoring: [SpecLeaf] = [
        SpecLeaf("monitoring", "enabled", "monitoring.isEnabled", .flag(\.monitoring.isEnabled)),
        SpecLeaf("monitoring", "window", "monitoring.windowSeconds", .seconds(\.monitoring.windowSeconds)),
        SpecLeaf("monitoring", "buckets", "monitoring.buckets", .count(\.monitoring.buckets)),
        SpecLeaf("monitoring", "bucket_rows", "monitoring.bucketRows", .count(\.monitoring.bucketRows)),
        SpecLeaf("monitoring", "sampled_rows", "monitoring.sampledRows", .count(\.monitoring.sampledRows)),
        SpecLeaf(
            "monitoring", "task", "monitoring.task",
            .choice(PredictionTask.allCases.map(\.rawValue), \.monitoring.taskName)),
        SpecLeaf("monitoring", "score_output", "monitoring.scoreOutput", .text(\.monitoring.scoreOutput)),
        SpecLeaf("monitoring", "segment", "monitoring.segment", .text(\.monitoring.segment)),
        SpecLeaf(
            "monitoring", "label_window", "monitoring.labelWindowSeconds", .seconds(\.monitoring.labelWindowSeconds)),
        SpecLeaf("monitoring", "label_budget", "monitoring.labelBudgetBytes", .bytes(\.monitoring.labelBudgetBytes)),
    ]
}

// Members as the table's key paths need them: every one optional, and none behind an optional.
extension EndpointSpec {
    fileprivate var deviceName: String? {
        get { device }
        set { device = newValue ?? "cpu" }
    }

    fileprivate var precisionName: String? {
        get { precision?.rawValue }
        set { precision = newValue.flatMap { InferencePrecision(rawValue: $0) } }
    }
}

extension LimitSpec {
    fileprivate var allQuota: Quota {
        get { quota ?? Quota() }
        set { quota = newValue == Quota() ? nil : newValue }
    }

    fileprivate var eachQuota: Quota {
        get { clientQuota ?? Quota() }
        set { clientQuota = newValue == Quota() ? nil : newValue }
    }
}

extension MonitoringSpec {
    fileprivate var taskName: String? {
        get { task?.rawValue }
        set { task = newValue.flatMap { PredictionTask(rawValue: $0) } }
    }
}

extension LanguageSpec {
    fileprivate var cacheTypeName: String? {
        get { cacheType?.rawValue }
        set { cacheType = newValue.flatMap { CacheType(rawValue: $0) } }
    }

    fileprivate var speculationName: String? {
        get { speculation?.rawValue }
        set { speculation = newValue.flatMap { Speculation(rawValue: $0) } }
    }
}

extension LifecycleSpec {
    fileprivate var policyName: String? {
        get { policy?.rawValue }
        set { policy = newValue.flatMap { Policy(rawValue: $0) } }
    }

    fileprivate var loadingName: String? {
        get { loading?.rawValue }
        set { loading = newValue.flatMap { Loading(rawValue: $0) } }
    }

    fileprivate var warmUpName: String? {
        get { warmUp?.rawValue }
        set { warmUp = newValue.flatMap { WarmUp(rawValue: $0) } }
    }
}
