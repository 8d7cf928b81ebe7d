// SPDX-License-Identifier: Apache-2.0

/// How tokens are chosen. Defaults are OpenAI's where it has one: the model's own distribution.
public struct SamplingOptions: Sendable, Hashable {
    public enum Constraint: Sendable, Hashable {
        case none
        /// GBNF with the rule `root`.
        case grammar(String)
        /// ``RenderedChat/constraint``.
        case rendered([UInt8])
    }

    /// `nil` for a new one each time. The highest number counts as the one below it.
    public var seed: UInt32?
    /// 0 always takes the likeliest token.
    public var temperature: Float = 1
    public var dynamicTemperatureRange: Float = 0
    public var dynamicTemperatureExponent: Float = 1
    /// Only so many of the likeliest; 0 for all.
    public var topK = 0
    /// Only the likeliest that together reach this probability; 1 for all.
    public var topP: Float = 1
    /// Only those at least this times as likely as the likeliest; 0 for all.
    public var minP: Float = 0
    public var typicalP: Float = 1
    /// Only those within so many standard deviations of the highest logit; negative for all.
    public var topNSigma: Float = -1
    public var xtcProbability: Float = 0
    public var xtcThreshold: Float = 0.1
    /// Tokens that penalties look back on; -1 for the whole context.
    public var penaltyLastN = 64
    public var repeatPenalty: Float = 1
    public var frequencyPenalty: Float = 0
    public var presencePenalty: Float = 0
    public var dryMultiplier: Float = 0
    public var dryBase: Float = 1.75
    public var dryAllowedLength = 2
    public var dryPenaltyLastN = -1
    /// 0 for none, 1 or 2.
    public var mirostat = 0
    public var mirostatTau: Float = 5
    public var mirostatEta: Float = 0.1
    public var adaptiveTarget: Float = -1
    public var adaptiveDecay: Float = 0.9
    public var minKeep = 0
    public var ignoresEnd = false
    /// Added to tokens' logits; -infinity forbids.
    public var biases: [TokenID: Float] = [:]
    public var constraint = Constraint.none

    public init() {}

    /// Whether tokens before the first chosen one matter.
    public var looksBack: Bool {
        repeatPenalty != 1 || frequencyPenalty != 0 || presencePenalty != 0 || dryMultiplier != 0
    }
}
