// SPDX-License-Identifier: Apache-2.0

/// A quota per minute: holds one minute's amount and is refilled continuously.
///
/// Kept as the moment at which it will be full again, which makes every time it tells exact and needs no refilling
/// (the generic cell rate algorithm, ITU-T I.371, annex A, in its virtual scheduling form).
package struct TokenBucket: Sendable, Hashable {
    package enum Verdict: Sendable, Hashable {
        case fits
        /// It fits after exactly so long, when nobody takes anything meanwhile.
        case fitsAfter(Duration)
        /// It is more than the whole bucket.
        case neverFits
    }

    /// Its capacity and what flows in within a minute; 0 or more.
    package private(set) var perMinute: Int
    private var fullAt: ContinuousClock.Instant
    /// The latest moment heard of: a clock that goes back counts as standing still.
    private var latest: ContinuousClock.Instant

    private static let period = Duration.seconds(60)
    /// Keeps products with a minute's attoseconds within 128 bits; nobody's quota comes near.
    private static let most = 1 << 60

    /// A full bucket. A negative amount counts as 0, which nothing but nothing fits into.
    package init(perMinute: Int, now: ContinuousClock.Instant) {
        self.perMinute = min(max(0, perMinute), Self.most)
        fullAt = now
        latest = now
    }

    package func verdict(on amount: Int, now: ContinuousClock.Instant) -> Verdict {
        guard amount > 0 else { return .fits }
        guard amount <= perMinute else { return .neverFits }
        let missing = emptiness(max(now, latest)) + time(for: amount)
        return missing <= Self.period ? .fits : .fitsAfter(missing - Self.period)
    }

    /// Takes `amount`, which fits.
    package mutating func take(_ amount: Int, now: ContinuousClock.Instant) {
        latest = max(now, latest)
        guard amount > 0, amount <= perMinute else { return }
        fullAt = max(fullAt, latest) + time(for: amount)
    }

    /// Changes the amount; the bucket stays as full as it is, in parts of the whole.
    package mutating func update(perMinute: Int) { self.perMinute = min(max(0, perMinute), Self.most) }

    package func isFull(_ now: ContinuousClock.Instant) -> Bool { fullAt <= max(now, latest) }

    /// How long it takes to be full.
    private func emptiness(_ now: ContinuousClock.Instant) -> Duration { max(.zero, fullAt - now) }

    /// How long `amount`, 1 to ``perMinute``, takes to flow in; rounded down, so that a minute's amount taken one
    /// by one still fits into the minute.
    private func time(for amount: Int) -> Duration {
        Duration(attoseconds: Self.period.attoseconds * Int128(amount) / Int128(perMinute))
    }
}
