// SPDX-License-Identifier: Apache-2.0

extension BatchPlanner {
    /// How long a request that came now would wait before it runs.
    ///
    /// The rows ahead of it at the learned rate, and when no lane is free the time until the first one is: calls
    /// that end at random instants leave the first of n lanes free after 1 / (n + 1) of a call. Zero while nothing
    /// was learned, and when a lane is free and nothing waits.
    ///
    /// - Parameter busy: How many of the `lanes` run a call now.
    package func predictedWait(lanes: Int, busy: Int) -> Duration {
        let lanes = max(1, lanes)
        let best = curve.bestRows(atMost: policy.maximumRows)
        guard let call = curve.seconds(rows: best) else { return .zero }
        let ahead = Double(waitingRows) * call / Double(best) / Double(lanes)
        let running = busy >= lanes ? call / Double(lanes + 1) : 0
        return .bounded(seconds: ahead + running)
    }
}

extension Duration {
    /// The duration as a number of seconds.
    var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }

    /// A duration of at most a hundred years, whatever the number is.
    fileprivate static func bounded(seconds: Double) -> Duration {
        .seconds(seconds.isFinite ? min(max(0, seconds), 3_155_760_000) : 3_155_760_000)
    }
}
