// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// What rules need to know of a kind of signal to be checked and judged.
package struct SignalTraits: Sendable, Hashable {
    package enum Subject: String, Sendable, Hashable {
        /// A column of the inputs or outputs.
        case column
        /// A segment of the endpoint's, or nothing for all.
        case segment
        /// Anything: a KPI's name, a stream.
        case named
        case none
    }

    package enum Family: String, Sendable, Hashable {
        case drift, data, classification, regression, labels, anomaly, service, house
    }

    package var family: Family
    package var subject: Subject
    /// The values it can have.
    package var range: ClosedRange<Double>
    /// A share of rows or requests, so that two of them can be compared by counts.
    package var isShare: Bool
    /// Whether chance can be told from change against the reference, so that a threshold may be chosen by a run length.
    package var hasTest: Bool
    /// Whether a version can be told from the primary but for chance.
    package var hasPrimaryTest: Bool
    /// Whether its own test asks for a change to either side.
    package var isTwoSided: Bool { isShare || family == .drift && subject == .none }

    /// - Parameter hasPrimaryTest: `nil` for shares, which can always be compared, and for nothing else.
    init(
        _ family: Family, _ subject: Subject, _ range: ClosedRange<Double>, isShare: Bool = false,
        hasTest: Bool = false, hasPrimaryTest: Bool? = nil
    ) {
        self.hasPrimaryTest = hasPrimaryTest ?? isShare
        self.family = family
        self.subject = subject
        self.range = range
        self.isShare = isShare
        self.hasTest = hasTest
    }
}

extension SignalKind {
    package var traits: SignalTraits {
        let any = -Double.infinity...Double.infinity
        let positive = 0...Double.infinity
        switch self {
        case .psi, .wasserstein, .chiSquare:
            return SignalTraits(.drift, .column, positive, hasTest: true)
        case .ks, .hellinger, .jensenShannon, .totalVariation, .lInfinity:
            return SignalTraits(.drift, .column, 0...1, hasTest: true)
        case .reconstructionError:
            return SignalTraits(.drift, .none, positive, hasTest: true, hasPrimaryTest: true)
        case .missingRate, .outOfRangeRate, .newCategoryRate, .typeErrorRate:
            return SignalTraits(.data, .column, 0...1, isShare: true, hasTest: true)
        case .duplicateRate:
            return SignalTraits(.data, .named, 0...1, isShare: true)
        case .constantFeature:
            return SignalTraits(.data, .column, 0...1)
        case .distinctValues:
            return SignalTraits(.data, .column, positive, hasPrimaryTest: true)
        case .accuracy, .precision, .recall, .f1, .rocAUC, .brier, .estimatedAccuracy:
            return SignalTraits(
                .classification, .segment, 0...1, isShare: self == .accuracy, hasTest: true, hasPrimaryTest: true)
        case .averagePrecision, .calibrationError, .estimatedF1, .estimatedROCAUC:
            return SignalTraits(.classification, .segment, 0...1)
        case .logLoss:
            return SignalTraits(.classification, .segment, positive, hasTest: true, hasPrimaryTest: true)
        case .mae, .rmse, .mape:
            return SignalTraits(.regression, .segment, positive, hasTest: true, hasPrimaryTest: true)
        case .r2:
            return SignalTraits(.regression, .segment, -Double.infinity...1)
        case .labelCoverage:
            return SignalTraits(.labels, .segment, 0...1, isShare: true)
        case .kpi:
            return SignalTraits(.labels, .named, any, hasPrimaryTest: true)
        case .outlierRate, .notANumberRate, .saturatedRate:
            return SignalTraits(.anomaly, .named, 0...1, isShare: true, hasTest: true)
        case .change:
            return SignalTraits(.anomaly, .named, 0...1)
        case .predictionNoise:
            return SignalTraits(.anomaly, .named, positive)
        case .errorRate:
            return SignalTraits(.service, .none, 0...1, isShare: true)
        case .latencyP50, .latencyP99, .burnRate, .requestRate:
            return SignalTraits(.service, .none, positive)
        case .captureDropRate, .monitorDropRate:
            return SignalTraits(.house, .none, 0...1, isShare: true)
        case .captureStopped:
            return SignalTraits(.house, .none, 0...1)
        }
    }

    /// Distances have no law of their own: their significance is that of a test of the same column and window.
    var lendsTest: [SignalKind] {
        traits.family == .drift && traits.subject == .column ? [.ks, .chiSquare] : []
    }
}
