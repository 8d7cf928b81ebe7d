// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

extension LabelState {
    /// All predictions under one request id, oldest first.
    struct Entry: Sendable, Equatable {
        /// Of the first.
        var at: Int64
        var parts: [Part]
    }

    /// One version's prediction.
    struct Part: Sendable, Equatable {
        enum State: Sendable, Equatable {
            case waiting(PredictionRecord)
            case labelled
            case expired
        }
        var version: VersionID
        var at: Int64
        var isShadow: Bool
        var state: State
        var kpis: [String] = []
    }

    /// What the ring keeps beside a record.
    struct Flags: OptionSet {
        let rawValue: UInt16
        static let labelled = Flags(rawValue: 1)
        static let expired = Flags(rawValue: 2)
        static let hasKPIs = Flags(rawValue: 4)
        var isWaiting: Bool { isDisjoint(with: [.labelled, .expired]) }
    }
}
