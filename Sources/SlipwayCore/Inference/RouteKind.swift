// SPDX-License-Identifier: Apache-2.0

/// How a request came to the version that answered it.
public enum RouteKind: String, BitwiseCopyable, Sendable, Hashable, Codable, CaseIterable {
    /// No rule and no canary took it.
    case primary
    case canary
    /// By a header rule.
    case rule
    /// A copy, whose answer nobody waits for.
    case shadow
    /// Answered from the response cache.
    case cache
    /// The caller named the version.
    case direct
}
