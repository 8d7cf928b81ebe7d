// SPDX-License-Identifier: Apache-2.0

/// What a step holds, as far as its time depends on it.
package struct StepLoad: Sendable, Equatable {
    package var decodeTokens = 0
    package var prefillTokens = 0
    /// The positions of all tokens, summed: each attends to all before it.
    package var attended = 0.0

    package init(decodeTokens: Int = 0, prefillTokens: Int = 0, attended: Double = 0) {
        self.decodeTokens = decodeTokens
        self.prefillTokens = prefillTokens
        self.attended = attended
    }

    package mutating func add(_ count: Int, at position: Int, isPrefill: Bool) {
        if isPrefill { prefillTokens += count } else { decodeTokens += count }
        attended += Double(count) * (Double(position) + Double(count - 1) / 2)
    }
}

/// How long a step takes, learned from the steps before it.
///
/// Seconds are a sum, with weights that are not negative, of one, the decode tokens, the prefill tokens and the
/// attended positions in thousands. Weighted least squares on relative errors with forgetting; solved by coordinate
/// descent from the last solution, so that what a kind of load taught stays while that kind is not seen.
package struct StepTimeModel: Sendable {
    /// What is kept of the past at each step: about fifty steps count.
    private static let memory = 0.98
    /// What a machine slower than most would need; the first steps are small rather than late.
    private static let prior = SIMD4<Double>(0.01, 0.005, 0.005, 0.001)
    /// How many steps the prior counts as.
    private static let priorWeight = 0.002
    /// Seconds, so that a step of no time has a weight.
    private static let shortest = 1e-5
    /// After so many steps, one that took this many times what was expected counts as no more.
    private static let trustedSteps = 10
    private static let clip = 3.0

    private var weights = Self.prior
    private var products: [SIMD4<Double>]
    private var targets: SIMD4<Double>
    private var steps = 0
    /// The most prefill tokens of one step so far.
    package private(set) var mostPrefill = 0

    package init() {
        let strength = Self.priorWeight / (Self.prior * Self.prior)
        products = (0..<4).map { index in
            var row = SIMD4<Double>()
            row[index] = strength[index]
            return row
        }
        targets = strength * Self.prior
    }

    package var secondsPerPrefillToken: Double { weights[2] }

    package func seconds(_ load: StepLoad) -> Double { (weights * Self.features(load)).sum() }

    /// How many prefill tokens from a position on may join a step so that it takes no longer.
    ///
    /// No more than twice what was ever tried, so that a wrong guess costs little.
    package func prefillTokens(at position: Int, after load: StepLoad, within seconds: Double) -> Int {
        let left = seconds - self.seconds(load)
        guard left > 0 else { return 0 }
        // weights[3] * (n * position + n * n / 2) / 1000 + weights[2] * n = left
        let square = weights[3] / 2_000
        let linear = weights[2] + weights[3] * Double(position) / 1_000
        let root = (linear * linear + 4 * square * left).squareRoot()
        let count = linear + root > 0 ? 2 * left / (linear + root) : .infinity
        let explored = max(32, 2 * mostPrefill) - load.prefillTokens
        return max(0, count < Double(explored) ? Int(count) : explored)
    }

    package mutating func observe(_ load: StepLoad, took duration: Duration) {
        guard load.decodeTokens + load.prefillTokens > 0 else { return }
        let features = Self.features(load)
        let expected = max(Self.shortest, (weights * features).sum())
        var measured = max(Self.shortest, duration / .seconds(1))
        if steps >= Self.trustedSteps {
            measured = min(max(measured, expected / Self.clip), expected * Self.clip)
        }
        steps += 1
        mostPrefill = max(mostPrefill, load.prefillTokens)
        let scale = 1 / measured
        let scaled = features * scale
        for row in 0..<4 {
            products[row] = products[row] * Self.memory + scaled * scaled[row]
        }
        targets = targets * Self.memory + scaled * (measured * scale)
        solve()
    }

    private mutating func solve() {
        for _ in 0..<200 {
            let before = weights
            for index in 0..<4 {
                let own = products[index][index]
                // What faded to nothing keeps its weight.
                guard own > 1e-12 else { continue }
                let rest = (products[index] * weights).sum() - own * weights[index]
                weights[index] = max(0, (targets[index] - rest) / own)
            }
            let change = weights - before
            if (change * change).sum() < 1e-10 * (weights * weights).sum() { return }
        }
    }

    private static func features(_ load: StepLoad) -> SIMD4<Double> {
        SIMD4(1, Double(load.decodeTokens), Double(load.prefillTokens), load.attended / 1_000)
    }
}
