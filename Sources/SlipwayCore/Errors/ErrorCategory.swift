// SPDX-License-Identifier: Apache-2.0

/// What kind of failure it was, as far as a caller must know to react.
public enum ErrorCategory: String, Sendable, Hashable, CaseIterable {
    /// The caller's input is wrong; sending it again will fail again.
    case invalidInput
    /// What was asked for does not exist.
    case notFound
    /// What was to be made exists already, or contradicts what exists.
    case conflict
    /// No valid credentials came with the call.
    case unauthenticated
    /// The caller may not do this.
    case forbidden
    /// The input is larger than the configured limit.
    case tooLarge
    /// A caller's quota is spent.
    case quotaExceeded
    /// Not ready, draining or overloaded: later, or elsewhere, it may work.
    case unavailable
    /// The deadline passed before the answer.
    case deadlineExceeded
    /// The caller went away or withdrew the request.
    case cancelled
    /// The feature, format, operator or encoding is not supported.
    case unsupported
    /// Memory or disk is full.
    case outOfResources
    /// Stored data is damaged.
    case corrupt
    /// A fault of the server or its engine.
    case `internal`
}
