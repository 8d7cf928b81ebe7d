// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Quantiles of a stream with a relative error of at most `alpha`, in constant memory (Masson, Rim and Lee 2019).
///
/// Keys and values as in the reference implementation: `key = ceil(log_gamma x)`, value `2 gamma^key / (gamma + 1)`,
/// `gamma = (1 + alpha) / (1 - alpha)`. When buckets run out, those nearest to zero are joined, so that high
/// quantiles stay exact to `alpha`. Sketches of one `alpha` merge to that of the union.
package struct DDSketch: Sendable, Hashable, Codable {
    package let alpha: Double
    /// For each sign.
    package let maximumBuckets: Int
    private var positive: [Int: UInt64]
    private var negative: [Int: UInt64]
    /// Zero, and what is too small to tell from it.
    private var zeros: UInt64

    /// - Parameters:
    ///   - alpha: 0.0001 to 0.5; others are brought inside.
    ///   - maximumBuckets: At least 16.
    package init(alpha: Double = 0.01, maximumBuckets: Int = 2048) {
        self.alpha = alpha == alpha ? min(max(alpha, 0.0001), 0.5) : 0.01
        self.maximumBuckets = max(maximumBuckets, 16)
        (positive, negative, zeros) = ([:], [:], 0)
    }

    private enum CodingKeys: String, CodingKey { case alpha, maximumBuckets, positive, negative, zeros }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            alpha: try container.decode(Double.self, forKey: .alpha),
            maximumBuckets: min(try container.decode(Int.self, forKey: .maximumBuckets), 1 << 20))
        positive = try container.decode([Int: UInt64].self, forKey: .positive)
        negative = try container.decode([Int: UInt64].self, forKey: .negative)
        zeros = try container.decode(UInt64.self, forKey: .zeros)
        // Doubles have keys within 36,000,000 of zero for the smallest alpha.
        guard (positive.keys.allSatisfy { abs($0) < 1 << 26 }), (negative.keys.allSatisfy { abs($0) < 1 << 26 }) else {
            throw DecodingError.dataCorruptedError(
                forKey: .positive, in: container, debugDescription: "a key is beyond that of any number")
        }
        DDSketch.collapse(&positive, to: self.maximumBuckets)
        DDSketch.collapse(&negative, to: self.maximumBuckets)
    }

    /// Counts one number; those that are not finite are left out.
    package mutating func add(_ x: Double) {
        guard x.isFinite else { return }
        guard abs(x) >= .leastNormalMagnitude else { return zeros &+= 1 }
        let key = self.key(of: abs(x))
        if x > 0 {
            positive[key, default: 0] &+= 1
            if positive.count > maximumBuckets { DDSketch.collapse(&positive, to: maximumBuckets) }
        } else {
            negative[key, default: 0] &+= 1
            if negative.count > maximumBuckets { DDSketch.collapse(&negative, to: maximumBuckets) }
        }
    }

    /// Adds the counts of a sketch with the same `alpha`; others are left out and told by `false`.
    @discardableResult
    package mutating func merge(_ other: DDSketch) -> Bool {
        guard alpha == other.alpha else { return false }
        positive.merge(other.positive) { $0 &+ $1 }
        negative.merge(other.negative) { $0 &+ $1 }
        zeros &+= other.zeros
        DDSketch.collapse(&positive, to: maximumBuckets)
        DDSketch.collapse(&negative, to: maximumBuckets)
        return true
    }

    /// Numbers counted.
    package var count: UInt64 {
        positive.values.reduce(zeros, &+) &+ negative.values.reduce(0, &+)
    }

    /// Buckets in use.
    package var bucketCount: Int { positive.count + negative.count }

    /// A value within `alpha` of the number of rank `floor(p (n - 1))`; `nil` when empty.
    package func quantile(_ p: Double) -> Double? {
        let total = count
        guard total > 0, p == p else { return nil }
        let rank = min(max(p, 0), 1) * Double(total - 1)
        var below = 0.0
        for key in negative.keys.sorted(by: >) {
            below += Double(negative[key] ?? 0)
            if below > rank { return -value(of: key) }
        }
        below += Double(zeros)
        if below > rank { return 0 }
        let keys = positive.keys.sorted()
        for key in keys {
            below += Double(positive[key] ?? 0)
            if below > rank { return value(of: key) }
        }
        return keys.last.map(value(of:)) ?? 0
    }

    /// The bucket of a positive number.
    package func key(of x: Double) -> Int { Int((log(x) / logGamma).rounded(.up)) }

    /// What a bucket stands for: within `alpha` of every number in it.
    package func value(of key: Int) -> Double {
        exp(Double(key) * logGamma) * (1 - alpha)
    }

    private var logGamma: Double { log1p(2 * alpha / (1 - alpha)) }

    private static func collapse(_ buckets: inout [Int: UInt64], to maximum: Int) {
        guard buckets.count > maximum else { return }
        let keys = buckets.keys.sorted()
        let lowest = keys[keys.count - maximum]
        for key in keys.prefix(keys.count - maximum) {
            buckets[lowest, default: 0] &+= buckets.removeValue(forKey: key) ?? 0
        }
    }
}
