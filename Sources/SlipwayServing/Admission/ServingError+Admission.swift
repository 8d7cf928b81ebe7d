// SPDX-License-Identifier: Apache-2.0

extension ServingError {
    /// A request that an endpoint's limits leave no room for.
    static func overloaded(_ endpoint: String, _ refusal: AdmissionLedger.Refusal) -> ServingError {
        let what: String
        switch refusal {
        case .requests(let held, let limit, _): what = "\(held) requests wait or run, and \(limit) may"
        case .rows(let held, let limit, _): what = "\(held) rows wait or run, and \(limit) may"
        case .bytes(let held, let limit, _): what = "\(held) bytes of requests wait or run, and \(limit) may"
        case .wait(let predicted, let limit, _):
            what = "the wait would be about \(text(predicted)), and \(text(limit)) is the longest allowed"
        case .deadline(let predicted, let left, _):
            what = "the wait would be about \(text(predicted)), and the deadline is in \(text(left))"
        case .expired: return .deadlineExceeded
        }
        return ServingError(
            code: .overloaded,
            message: "endpoint '\(endpoint)' is overloaded: \(what); try again later, or raise the endpoint's limits",
            retryAfter: refusal.retryAfter)
    }

    /// A request that a quota has nothing left for.
    static func quotaExceeded(_ endpoint: String, _ refusal: QuotaRefusal) -> ServingError {
        let whose = refusal.scope == .client ? "each caller's" : "the"
        let quota = "\(whose) quota of \(refusal.perMinute) \(refusal.unit.rawValue) per minute"
        guard let time = refusal.retryAfter else {
            return ServingError(
                code: .quotaExceeded,
                message: "endpoint '\(endpoint)': one request with \(refusal.asked) \(refusal.unit.rawValue) is more "
                    + "than \(quota); send less at once, or have the quota raised")
        }
        return ServingError(
            code: .quotaExceeded,
            message: "endpoint '\(endpoint)': \(quota) is spent; try again in \(text(time))", retryAfter: time)
    }
}
