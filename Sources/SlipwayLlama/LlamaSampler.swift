// SPDX-License-Identifier: Apache-2.0

import CSlipwayLlama
import SlipwayEngine

/// Chooses the tokens of one sequence.
final class LlamaSampler: TokenSampler, @unchecked Sendable {
    // Unchecked: used by one thread at a time, as the protocol says.
    let handle: OpaquePointer
    /// Outlives the sampler: it refers to the vocabulary.
    private let model: LlamaModel
    /// Without the constraint, which is compiled.
    private let options: SamplingOptions

    convenience init(_ options: SamplingOptions, model: LlamaModel) throws(EngineError) {
        try self.init(options, model: model) { sampling, handle, error in
            model.library.api.sampler_new(model.handle, &sampling, &handle, &error)
        }
    }

    private init(
        _ options: SamplingOptions, model: LlamaModel,
        _ make: (inout SlwSampling, inout OpaquePointer?, inout SlwError) -> Int32
    ) throws(EngineError) {
        var handle: OpaquePointer?
        var error = SlwError()
        let biases = options.biases.sorted { $0.key < $1.key }.map { SlwBias(token: $0.key, bias: $0.value) }
        let code = biases.withUnsafeBufferPointer { biases in
            Self.withConstraint(of: options) { sampling in
                sampling.biases = biases.baseAddress
                sampling.bias_count = biases.count
                return make(&sampling, &handle, &error)
            }
        }
        guard code == 0, let handle else { throw LlamaFailure(error).error(at: .prepare) }
        self.handle = handle
        self.model = model
        var options = options
        options.constraint = .none
        self.options = options
    }

    deinit { model.library.api.sampler_free(handle) }

    func feed(_ tokens: [TokenID]) { model.library.api.sampler_feed(handle, tokens, tokens.count) }

    func clone(seed: UInt32?) throws(EngineError) -> any TokenSampler {
        var options = options
        options.seed = seed
        return try LlamaSampler(options, model: model) { sampling, handle, error in
            model.library.api.sampler_clone(self.handle, &sampling, &handle, &error)
        }
    }

    private static func withConstraint(
        of options: SamplingOptions, _ body: (inout SlwSampling) -> Int32
    ) -> Int32 {
        var sampling = SlwSampling(options)
        switch options.constraint {
        case .none:
            return body(&sampling)
        case .grammar(let text):
            // Never empty: no grammar is another thing than one without rules.
            return Array("\(text)\n".utf8).withCharacters { characters, count in
                sampling.grammar = characters
                sampling.grammar_count = count
                return body(&sampling)
            }
        case .rendered(let json):
            guard !json.isEmpty else { return body(&sampling) }
            return json.withCharacters { characters, count in
                sampling.constraint = characters
                sampling.constraint_count = count
                return body(&sampling)
            }
        }
    }
}

extension SlwSampling {
    fileprivate init(_ options: SamplingOptions) {
        self.init()
        // llama.cpp takes the highest for none, and draws one.
        seed = min(options.seed ?? UInt32.random(in: 0..<UInt32.max), UInt32.max - 1)
        temperature = options.temperature
        dynatemp_range = options.dynamicTemperatureRange
        dynatemp_exponent = options.dynamicTemperatureExponent
        top_k = Int32(clamping: options.topK)
        top_p = options.topP
        min_p = options.minP
        typical_p = options.typicalP
        top_n_sigma = options.topNSigma
        xtc_probability = options.xtcProbability
        xtc_threshold = options.xtcThreshold
        penalty_last_n = Int32(clamping: options.penaltyLastN)
        repeat_penalty = options.repeatPenalty
        frequency_penalty = options.frequencyPenalty
        presence_penalty = options.presencePenalty
        dry_multiplier = options.dryMultiplier
        dry_base = options.dryBase
        dry_allowed_length = Int32(clamping: options.dryAllowedLength)
        dry_penalty_last_n = Int32(clamping: options.dryPenaltyLastN)
        mirostat = Int32(clamping: options.mirostat)
        mirostat_tau = options.mirostatTau
        mirostat_eta = options.mirostatEta
        adaptive_target = options.adaptiveTarget
        adaptive_decay = options.adaptiveDecay
        min_keep = Int32(clamping: options.minKeep)
        ignores_eos = options.ignoresEnd
    }
}
