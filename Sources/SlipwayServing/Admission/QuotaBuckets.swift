// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// What a quota counts.
package enum QuotaUnit: String, Sendable, Hashable, CaseIterable {
    case requests, rows, tokens
}

/// A quota that a request does not fit into.
package struct QuotaRefusal: Sendable, Hashable {
    package enum Scope: Sendable, Hashable {
        /// All callers together.
        case endpoint
        /// The caller alone.
        case client
    }

    package let scope: Scope
    package let unit: QuotaUnit
    package let perMinute: Int
    /// What the request needs.
    package let asked: Int
    /// When it fits, to the attosecond; `nil` for a request larger than the whole quota, which never does.
    package let retryAfter: Duration?
}

/// The buckets of one quota: one for each unit that is limited.
struct QuotaBuckets: Sendable, Hashable {
    /// What a request takes.
    struct Amounts: Sendable {
        let rows: Int
        let tokens: Int

        subscript(unit: QuotaUnit) -> Int {
            switch unit {
            case .requests: 1
            case .rows: rows
            case .tokens: tokens
            }
        }
    }

    private var requests: TokenBucket?
    private var rows: TokenBucket?
    private var tokens: TokenBucket?

    init(_ quota: LimitSpec.Quota, now: ContinuousClock.Instant) {
        for unit in QuotaUnit.allCases { self[unit] = quota[unit].map { TokenBucket(perMinute: $0, now: now) } }
    }

    private subscript(unit: QuotaUnit) -> TokenBucket? {
        get {
            switch unit {
            case .requests: requests
            case .rows: rows
            case .tokens: tokens
            }
        }
        set {
            switch unit {
            case .requests: requests = newValue
            case .rows: rows = newValue
            case .tokens: tokens = newValue
            }
        }
    }

    /// The bucket that `amounts` must wait for the longest; `nil` when they fit into all.
    func refusal(
        of amounts: Amounts, scope: QuotaRefusal.Scope, now: ContinuousClock.Instant
    ) -> QuotaRefusal? {
        var worst: QuotaRefusal?
        for unit in QuotaUnit.allCases {
            guard let bucket = self[unit] else { continue }
            let time: Duration?
            switch bucket.verdict(on: amounts[unit], now: now) {
            case .fits: continue
            case .fitsAfter(let after): time = after
            case .neverFits: time = nil
            }
            worst = QuotaRefusal.longer(
                worst,
                QuotaRefusal(
                    scope: scope, unit: unit, perMinute: bucket.perMinute, asked: amounts[unit], retryAfter: time))
        }
        return worst
    }

    /// Takes what fits.
    mutating func take(_ amounts: Amounts, now: ContinuousClock.Instant) {
        requests?.take(amounts[.requests], now: now)
        rows?.take(amounts[.rows], now: now)
        tokens?.take(amounts[.tokens], now: now)
    }

    /// Changes the amounts; what is newly limited starts full.
    mutating func update(_ quota: LimitSpec.Quota, now: ContinuousClock.Instant) {
        for unit in QuotaUnit.allCases {
            guard let perMinute = quota[unit] else {
                self[unit] = nil
                continue
            }
            var bucket = self[unit] ?? TokenBucket(perMinute: perMinute, now: now)
            bucket.update(perMinute: perMinute)
            self[unit] = bucket
        }
    }

    /// Whether it is the same as buckets never taken from.
    func isFull(_ now: ContinuousClock.Instant) -> Bool {
        requests?.isFull(now) != false && rows?.isFull(now) != false && tokens?.isFull(now) != false
    }
}

extension QuotaRefusal {
    /// The one that lasts longer; the first of equals.
    static func longer(_ one: QuotaRefusal?, _ other: QuotaRefusal?) -> QuotaRefusal? {
        guard let one, let other else { return one ?? other }
        guard let time = one.retryAfter else { return one }
        guard let otherTime = other.retryAfter else { return other }
        return otherTime > time ? other : one
    }
}

extension LimitSpec.Quota {
    fileprivate subscript(unit: QuotaUnit) -> Int? {
        switch unit {
        case .requests: requestsPerMinute
        case .rows: rowsPerMinute
        case .tokens: tokensPerMinute
        }
    }

    /// Whether it limits anything.
    var isLimited: Bool { QuotaUnit.allCases.contains { self[$0] != nil } }
}
