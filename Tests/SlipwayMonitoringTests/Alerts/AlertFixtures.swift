// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayCore
import SlipwayMonitoring

/// An endpoint `e` with the primary m:1 and the canary m:2, and a clock that the test moves.
struct AlertScene {
    static let primary = VersionID(model: "m", number: 1)
    static let canary = VersionID(model: "m", number: 2)
    static let routes: [String: [VersionID: RouteKind]] = ["e": [primary: .primary, canary: .canary]]

    var book = RuleBook()
    var nowMs: Int64 = 1_800_000_000_000
    var silences: [Silence] = []
    var routes = AlertScene.routes

    init(_ rules: AlertRule...) { book.setRules(["e": rules]) }

    var now: Timestamp { Timestamp(milliseconds: nowMs) }

    static func key(
        _ kind: SignalKind, _ subject: String? = nil, version: VersionID? = AlertScene.canary
    ) -> SignalKey {
        SignalKey(endpoint: "e", version: version, kind: kind, subject: subject)
    }

    static func reading(
        _ value: Double, samples: Int = 1000, pValue: Double? = nil, margin: Double? = nil, reference: Double? = nil
    ) -> SignalReading {
        SignalReading(
            value: value, samples: samples, pValue: pValue, margin: margin, reference: reference, method: "test")
    }

    /// The rules held against readings, `seconds` after the last time.
    mutating func look(
        after seconds: Double = 1, _ readings: [SignalKey: SignalReading] = [:]
    ) -> RuleOutcome {
        nowMs += Int64(seconds * 1000)
        return book.evaluate(SignalReport(at: now, readings: readings), routes: routes, silences: silences)
    }

    static func rule(
        _ name: String = "r", _ kind: SignalKind = .missingRate, above threshold: Double? = 0.5,
        _ change: (inout AlertRule) -> Void = { _ in }
    ) -> AlertRule {
        var rule = AlertRule(name: name, signal: kind.rawValue, threshold: threshold)
        rule.clearSeconds = 0
        change(&rule)
        return rule
    }
}

extension SplitMix64 {
    /// Of the standard normal distribution, by Marsaglia's polar method.
    mutating func normal() -> Double {
        while true {
            let (u, v) = (Double.random(in: -1...1, using: &self), Double.random(in: -1...1, using: &self))
            let s = u * u + v * v
            guard s > 0, s < 1 else { continue }
            return u * (-2 * log(s) / s).squareRoot()
        }
    }
}
