// SPDX-License-Identifier: Apache-2.0

extension AdmissionLedger {
    /// Why a request was not accepted: the limit, what is there, and for how long to stay away.
    package enum Refusal: Sendable, Hashable {
        case requests(held: Int, limit: Int, retryAfter: Duration)
        case rows(held: Int, limit: Int, retryAfter: Duration)
        case bytes(held: Int, limit: Int, retryAfter: Duration)
        /// It would wait longer than the endpoint lets requests wait.
        case wait(predicted: Duration, limit: Duration, retryAfter: Duration)
        /// It would wait past its own deadline.
        case deadline(predicted: Duration, left: Duration, retryAfter: Duration)
        /// Its deadline was over when it came.
        case expired

        /// 1 s to 60 s; `nil` where staying away does not help.
        package var retryAfter: Duration? {
            switch self {
            case .requests(_, _, let time), .rows(_, _, let time), .bytes(_, _, let time), .wait(_, _, let time),
                .deadline(_, _, let time):
                time
            case .expired: nil
            }
        }

        package var reason: Reason {
            switch self {
            case .requests: .requests
            case .rows: .rows
            case .bytes: .bytes
            case .wait, .deadline, .expired: .wait
            }
        }
    }

    /// What refusals are counted by.
    package enum Reason: String, Sendable, Hashable, CaseIterable {
        case requests, rows, bytes
        /// The predicted wait, measured against the endpoint's limit or the request's own deadline.
        case wait
        case quota
    }

    /// How many requests were refused, by reason.
    package struct RefusalCounts: Sendable, Hashable {
        private var counts = [Int](repeating: 0, count: Reason.allCases.count)

        package private(set) subscript(reason: Reason) -> Int {
            get { Reason.allCases.firstIndex(of: reason).map { counts[$0] } ?? 0 }
            set {
                guard let index = Reason.allCases.firstIndex(of: reason) else { return }
                counts[index] = newValue
            }
        }

        /// Every reason, named as in metrics.
        package var byReason: [(reason: String, count: Int)] { Reason.allCases.map { ($0.rawValue, self[$0]) } }

        mutating func count(_ reason: Reason) { self[reason] += 1 }
    }
}
