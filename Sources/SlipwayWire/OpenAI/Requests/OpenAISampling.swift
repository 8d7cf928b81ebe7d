// SPDX-License-Identifier: Apache-2.0

/// How tokens are chosen, as a request says it; defaults are OpenAI's where it has one: the model's own distribution.
package struct OpenAISampling: Sendable, Hashable {
    /// `nil` for a new one each time.
    package var seed: UInt32?
    /// 0 always takes the likeliest token.
    package var temperature: Float = 1
    package var dynamicTemperatureRange: Float = 0
    package var dynamicTemperatureExponent: Float = 1
    /// Only so many of the likeliest; 0 for all.
    package var topK = 0
    package var topP: Float = 1
    package var minP: Float = 0
    package var typicalP: Float = 1
    /// Negative for none.
    package var topNSigma: Float = -1
    package var xtcProbability: Float = 0
    package var xtcThreshold: Float = 0.1
    /// Tokens that penalties look back on; -1 for the whole context.
    package var penaltyLastN = 64
    package var repeatPenalty: Float = 1
    package var frequencyPenalty: Float = 0
    package var presencePenalty: Float = 0
    package var dryMultiplier: Float = 0
    package var dryBase: Float = 1.75
    package var dryAllowedLength = 2
    package var dryPenaltyLastN = -1
    /// 0 for none, 1 or 2.
    package var mirostat = 0
    package var mirostatTau: Float = 5
    package var mirostatEta: Float = 0.1
    package var adaptiveTarget: Float = -1
    package var adaptiveDecay: Float = 0.9
    package var minKeep = 0
    package var ignoresEnd = false
    /// From token to what is added to its logit; -infinity forbids it. Whether there are such tokens is not checked.
    package var biases: [Int32: Float] = [:]

    package init() {}
}

/// The members of a request that are one number of the sampling each.
enum SamplingMember {
    typealias RealPath = any WritableKeyPath<OpenAISampling, Float> & Sendable
    typealias WholePath = any WritableKeyPath<OpenAISampling, Int> & Sendable

    struct Real: Sendable {
        let path: RealPath
        let range: ClosedRange<Double>

        init(_ path: RealPath, _ range: ClosedRange<Double>) {
            self.path = path
            self.range = range
        }
    }

    struct Whole: Sendable {
        let path: WholePath
        let range: ClosedRange<Int>

        init(_ path: WholePath, _ range: ClosedRange<Int>) {
            self.path = path
            self.range = range
        }
    }

    static let reals: [String: Real] = [
        "temperature": Real(\.temperature, 0...2),
        "top_p": Real(\.topP, 0...1),
        "min_p": Real(\.minP, 0...1),
        "typical_p": Real(\.typicalP, 0...1),
        "top_n_sigma": Real(\.topNSigma, -1...100),
        "xtc_probability": Real(\.xtcProbability, 0...1),
        "xtc_threshold": Real(\.xtcThreshold, 0...1),
        "dynatemp_range": Real(\.dynamicTemperatureRange, 0...2),
        "dynatemp_exponent": Real(\.dynamicTemperatureExponent, 0...100),
        // 0 would divide by it.
        "repeat_penalty": Real(\.repeatPenalty, 0.01...100),
        "repetition_penalty": Real(\.repeatPenalty, 0.01...100),
        "frequency_penalty": Real(\.frequencyPenalty, -2...2),
        "presence_penalty": Real(\.presencePenalty, -2...2),
        "dry_multiplier": Real(\.dryMultiplier, 0...100),
        "dry_base": Real(\.dryBase, 1...100),
        "mirostat_tau": Real(\.mirostatTau, 0...100),
        "mirostat_eta": Real(\.mirostatEta, 0...1),
        "adaptive_target": Real(\.adaptiveTarget, -1...1),
        "adaptive_decay": Real(\.adaptiveDecay, 0...0.99),
    ]

    private static let anyCount = Int(Int32.max)

    static let wholes: [String: Whole] = [
        "top_k": Whole(\.topK, -1...anyCount),
        "repeat_last_n": Whole(\.penaltyLastN, -1...anyCount),
        "dry_allowed_length": Whole(\.dryAllowedLength, 0...anyCount),
        "dry_penalty_last_n": Whole(\.dryPenaltyLastN, -1...anyCount),
        "mirostat": Whole(\.mirostat, 0...2),
        "min_keep": Whole(\.minKeep, 0...anyCount),
    ]
}

extension OpenAISampling {
    /// Reads the member `key` if it is about sampling.
    ///
    /// - Returns: Whether it is; otherwise nothing was read.
    mutating func read(_ key: String, _ scanner: inout JSONScanner) throws(WireError) -> Bool {
        if let member = SamplingMember.reals[key] {
            self[keyPath: member.path] = Float(try scanner.number(in: member.range))
            return true
        }
        if let member = SamplingMember.wholes[key] {
            self[keyPath: member.path] = try scanner.wholeNumber(in: member.range)
            if topK < 0 { topK = 0 }
            return true
        }
        switch key {
        case "seed":
            let number = try scanner.wholeNumber(in: Int.min...Int.max)
            // -1 is how llama-server's clients ask for a new one; the high half counts as well.
            seed = number == -1 ? nil : UInt32(truncatingIfNeeded: number ^ number >> 32)
        case "ignore_eos": ignoresEnd = try scanner.flag()
        case "logit_bias": biases = try LogitBiases.read(&scanner)
        default: return false
        }
        return true
    }
}

/// `{"id": bias}`, or llama-server's `[[id, bias]]`; `false` for a bias forbids the token.
enum LogitBiases {
    static let most = 65_536

    static func read(_ scanner: inout JSONScanner) throws(WireError) -> [Int32: Float] {
        var biases: [Int32: Float] = [:]
        if scanner.peek() == .openBracket {
            for pair in try scanner.list(most: most, of: { (scanner) throws(WireError) in try pair(&scanner) }) {
                biases[pair.token] = pair.bias
            }
            return biases
        }
        guard scanner.peek() == .openBrace else { throw scanner.wrongType("an object") }
        try scanner.beginObject()
        var isFirst = true
        while let key = try scanner.nextKey(isFirst: &isFirst) {
            guard let token = Int32(key), token >= 0 else {
                throw WireError(.invalidRequest, "expected the numbers of tokens as keys, got something else")
            }
            guard biases.count < most else {
                throw WireError(.invalidRequest, "expected at most \(most) biases, got more")
            }
            biases[token] = try bias(&scanner)
        }
        return biases
    }

    private static func pair(_ scanner: inout JSONScanner) throws(WireError) -> (token: Int32, bias: Float) {
        guard scanner.peek() == .openBracket else { throw scanner.wrongType("a list of a token and its bias") }
        try scanner.beginArray()
        var isFirst = true
        guard try scanner.nextElement(isFirst: &isFirst) else { throw scanner.wrongType("a token and its bias") }
        let token = try scanner.wholeNumber(in: 0...Int(Int32.max))
        guard try scanner.nextElement(isFirst: &isFirst) else { throw scanner.wrongType("a bias") }
        let bias = try bias(&scanner)
        guard try !scanner.nextElement(isFirst: &isFirst) else {
            throw WireError(.invalidRequest, "expected a token and its bias, got more")
        }
        return (Int32(truncatingIfNeeded: token), bias)
    }

    private static func bias(_ scanner: inout JSONScanner) throws(WireError) -> Float {
        if scanner.peek() == UInt8(ascii: "f") {
            _ = try scanner.flag()
            return -.infinity
        }
        return Float(try scanner.number(in: -100...100))
    }
}
