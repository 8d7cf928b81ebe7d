// SPDX-License-Identifier: Apache-2.0

/// How an endpoint runs its language models; what is `nil` is chosen from the model and the machine.
public struct LanguageSpec: Sendable, Hashable, Codable {
    public enum Speculation: String, Sendable, Hashable, Codable, CaseIterable {
        /// Where it has been found to pay.
        case auto
        case off
    }

    /// The numbers in the KV cache.
    public enum CacheType: String, Sendable, Hashable, Codable, CaseIterable {
        case f16
        case q8 = "q8_0"
        case f32
    }

    /// Tokens of one conversation at most; `nil` for the model's own.
    public var context: Int?
    /// Tokens that all conversations together may keep: cells of the KV cache.
    public var cacheTokens: Int?
    public var cacheType: CacheType?
    /// How long a step may take at most while somebody reads along, in milliseconds: it bounds the pieces that
    /// prompts are computed in.
    public var latencyTargetMs: Double?
    public var speculation: Speculation?
    /// Prompt tokens that may wait.
    public var queuedTokens: Int?

    public init() {}
}
