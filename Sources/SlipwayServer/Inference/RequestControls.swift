// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import SlipwayCore

/// What a caller says about how a request is to be treated, outside the inference protocols' own bodies.
package enum RequestControls {
    private static let timeout = HTTPField.Name.known("x-request-timeout")
    private static let priority = HTTPField.Name.known("priority")

    /// Adds the caller, the deadline of `x-request-timeout` and the urgency of `Priority` to a decoded request.
    ///
    /// The earlier of two deadlines counts. Triton's parameter `priority` counts before the header.
    ///
    /// - Throws: ``ServerError`` `badParameter` for a timeout that is none.
    static func apply(_ call: HTTPCall, to request: inout InferenceRequest) throws(ServerError) {
        let wishes = Wishes(
            cancellation: call.cancellation, caller: call.caller, deadline: try deadline(call),
            priority: call.headers[priority],
            requestID: call.requestID, isOwnID: call.headers[RequestIdentifier.header] == call.requestID,
            trace: call.trace?.link)
        apply(wishes, to: &request)
    }

    /// What a call says about its treatment, whatever protocol it came by.
    struct Wishes: Sendable {
        var cancellation: CancellationFlag
        var caller: Caller
        var deadline: ContinuousClock.Instant?
        /// The `Priority` header.
        var priority: String?
        /// `x-request-id` of the answer, and whether the caller chose it.
        var requestID: String?
        var isOwnID = false
        /// Of `traceparent`.
        var trace: TraceLink?
    }

    static func apply(_ wishes: Wishes, to request: inout InferenceRequest) {
        request.cancellation = wishes.cancellation
        request.caller = wishes.caller
        request.trace = wishes.trace
        // A server's own counts least: callers know the id that they gave.
        request.feedbackID = wishes.isOwnID ? wishes.requestID : request.id ?? wishes.requestID
        if let deadline = wishes.deadline {
            request.deadline = request.deadline.map { min($0, deadline) } ?? deadline
        }
        if case .int(let level)? = request.parameters["priority"], level > 0 {
            // Triton's 1 is the highest level; 0 is the model's usual one.
            request.urgency = Int(min(level - 1, 7))
        } else if let field = wishes.priority, let urgency = urgency(field) {
            request.urgency = urgency
        }
    }

    /// When the caller stops waiting, by `x-request-timeout`; `nil` when it did not say.
    ///
    /// - Throws: ``ServerError`` `badParameter` for a timeout that is none.
    static func deadline(_ call: HTTPCall) throws(ServerError) -> ContinuousClock.Instant? {
        guard let text = call.headers[timeout] else { return nil }
        guard let duration = duration(text) else {
            throw ServerError(.badParameter, "x-request-timeout is not a time: write 250ms, 2s or seconds")
        }
        return call.receivedAt + duration
    }

    /// `250ms`, `2s`, `1m` or a number of seconds, above zero and up to a day; `nil` for anything else.
    package static func duration(_ text: String) -> Duration? {
        let units: [(suffix: String, seconds: Double)] = [("ms", 0.001), ("us", 0.000_001), ("s", 1), ("m", 60)]
        let unit = units.first { text.hasSuffix($0.suffix) }
        guard let number = Double(text.dropLast(unit?.suffix.count ?? 0)) else { return nil }
        let seconds = number * (unit?.seconds ?? 1)
        guard seconds > 0, seconds <= 86_400 else { return nil }
        return .seconds(seconds)
    }

    /// The member `u` of a `Priority` field (RFC 9218, section 4.1), 0 to 7; `nil` when it has none.
    package static func urgency(_ field: String) -> Int? {
        for member in field.split(separator: ",") {
            let text = member.filter { $0 != " " && $0 != "\t" }
            guard text.hasPrefix("u="), let value = Int(text.dropFirst(2)), (0...7).contains(value) else { continue }
            return value
        }
        return nil
    }
}
