// SPDX-License-Identifier: Apache-2.0

// Which samplers a sequence needs. llama.cpp's order is kept; those that would change nothing are left out.

#include <algorithm>
#include <cmath>

#include "shim_sampler.h"

namespace slipway {
namespace {

constexpr int32_t most_looked_back = 65536;

void add(SlwSampler &sampler, llama_sampler *one) {
    if (!one) throw Failure(SLW_ERROR_OUT_OF_MEMORY, "llama.cpp could not make a sampler");
    llama_sampler_chain_add(sampler.chain, one);
}

void check(const SlwSampling &options) {
    const float values[] = {
        options.temperature, options.dynatemp_range, options.dynatemp_exponent, options.top_p, options.min_p,
        options.typical_p, options.top_n_sigma, options.xtc_probability, options.xtc_threshold,
        options.repeat_penalty, options.frequency_penalty, options.presence_penalty, options.dry_multiplier,
        options.dry_base, options.mirostat_tau, options.mirostat_eta, options.adaptive_target,
        options.adaptive_decay};
    for (float value : values) {
        if (!std::isfinite(value)) throw Failure(SLW_ERROR_INVALID_INPUT, "sampling parameters must be finite");
    }
    if (!(options.repeat_penalty > 0) || !std::isfinite(1 / options.repeat_penalty)) {
        throw Failure(SLW_ERROR_INVALID_INPUT, "the repeat penalty must be above 0");
    }
    if (options.mirostat < 0 || options.mirostat > 2) {
        throw Failure(SLW_ERROR_INVALID_INPUT, "mirostat must be 0, 1 or 2");
    }
}

std::vector<llama_logit_bias> biases_of(const SlwSampler &sampler, const SlwSampling &options) {
    std::vector<llama_logit_bias> biases;
    const int32_t vocabulary = sampler.model->facts.vocabulary;
    for (size_t index = 0; index < options.bias_count; index++) {
        const SlwBias &bias = options.biases[index];
        if (bias.token < 0 || bias.token >= vocabulary || std::isnan(bias.bias)) {
            throw Failure(SLW_ERROR_INVALID_INPUT, "a bias names a token that the model does not have");
        }
        biases.push_back({bias.token, bias.bias});
    }
    if (options.ignores_eos) {
        for (int32_t token = 0; token < vocabulary; token++) {
            if (llama_vocab_is_eog(sampler.model->vocab, token)) biases.push_back({token, -INFINITY});
        }
    }
    int32_t suppressed = 0;
    const llama_token *tokens = llama_vocab_get_suppress_tokens(sampler.model->vocab, &suppressed);
    for (int32_t index = 0; index < suppressed; index++) biases.push_back({tokens[index], -INFINITY});
    return biases;
}

int32_t looked_back(const SlwSampler &sampler, int32_t count) {
    if (count >= 0) return std::min(count, most_looked_back);
    return std::clamp(sampler.model->facts.training_context, 64, most_looked_back);
}

/// A copy of the sampler of this name in a chain; null where there is none.
llama_sampler *copied(const SlwSampler *source, const std::string &name) {
    if (!source || !source->chain) return nullptr;
    for (int32_t index = 0; index < llama_sampler_chain_n(source->chain); index++) {
        const llama_sampler *one = llama_sampler_chain_get(source->chain, index);
        if (name == llama_sampler_name(one)) return llama_sampler_clone(one);
    }
    return nullptr;
}

bool add_penalties(SlwSampler &sampler, const SlwSampling &options, const SlwSampler *source) {
    bool is_added = false;
    const int32_t last = looked_back(sampler, options.penalty_last_n);
    const bool penalises =
        options.repeat_penalty != 1 || options.frequency_penalty != 0 || options.presence_penalty != 0;
    if (last > 0 && penalises) {
        add(sampler, llama_sampler_init_penalties(
            sampler.model->facts.vocabulary, last, options.repeat_penalty, options.frequency_penalty,
            options.presence_penalty));
        is_added = true;
    }
    const int32_t dry_last = looked_back(sampler, options.dry_penalty_last_n);
    if (options.dry_multiplier != 0 && options.dry_base >= 1 && dry_last > 0) {
        const char *breakers[] = {"\n", ":", "\"", "*"};
        // Made by looking at every token of the vocabulary
        llama_sampler *dry = copied(source, "dry");
        add(sampler, dry ? dry : llama_sampler_init_dry(
            sampler.model->vocab, options.dry_multiplier, options.dry_base, std::max(0, options.dry_allowed_length),
            dry_last, breakers, 4));
        is_added = true;
    }
    return is_added;
}

void add_cuts(SlwSampler &sampler, const SlwSampling &options, bool changes_logits) {
    const size_t keep = size_t(std::max(0, options.min_keep));
    if (options.top_n_sigma >= 0) {
        add(sampler, llama_sampler_init_top_n_sigma(options.top_n_sigma));
        changes_logits = true;
    }
    if (options.top_k > 0 && options.top_k < sampler.model->facts.vocabulary) {
        if (changes_logits) {
            add(sampler, llama_sampler_init_top_k(options.top_k));
        } else {
            sampler.preselects = options.top_k;
        }
    }
    if (options.typical_p < 1) add(sampler, llama_sampler_init_typical(options.typical_p, keep));
    if (options.top_p < 1) add(sampler, llama_sampler_init_top_p(options.top_p, keep));
    if (options.min_p > 0) add(sampler, llama_sampler_init_min_p(options.min_p, keep));
    if (options.xtc_probability > 0 && options.xtc_threshold <= 0.5f) {
        add(sampler, llama_sampler_init_xtc(options.xtc_probability, options.xtc_threshold, keep, options.seed));
    }
    if (options.temperature != 1 || options.dynatemp_range != 0) {
        add(sampler, llama_sampler_init_temp_ext(
            options.temperature, options.dynatemp_range, options.dynatemp_exponent));
    }
}

}  // namespace

void build_chain(SlwSampler &sampler, const SlwSampling &options, const SlwSampler *source) {
    check(options);
    auto parameters = llama_sampler_chain_default_params();
    parameters.no_perf = true;
    sampler.chain = llama_sampler_chain_init(parameters);
    const auto biases = biases_of(sampler, options);
    if (!biases.empty()) {
        add(sampler, llama_sampler_init_logit_bias(
            sampler.model->facts.vocabulary, int32_t(biases.size()), biases.data()));
    }
    if (options.mirostat != 0) {
        add(sampler, llama_sampler_init_temp(options.temperature));
        add(sampler, options.mirostat == 1
            ? llama_sampler_init_mirostat(
                sampler.model->facts.vocabulary, options.seed, options.mirostat_tau, options.mirostat_eta, 100)
            : llama_sampler_init_mirostat_v2(options.seed, options.mirostat_tau, options.mirostat_eta));
        return;
    }
    const bool changes_logits = add_penalties(sampler, options, source) || !biases.empty();
    const bool adapts = options.adaptive_target >= 0;
    sampler.is_greedy = options.temperature <= 0 && !changes_logits && !adapts && options.typical_p >= 1 &&
        !(options.xtc_probability > 0);
    if (sampler.is_greedy) {
        llama_sampler_free(sampler.chain);
        sampler.chain = nullptr;
        return;
    }
    add_cuts(sampler, options, changes_logits);
    add(sampler, adapts
        ? llama_sampler_init_adaptive_p(options.adaptive_target, options.adaptive_decay, options.seed)
        : llama_sampler_init_dist(options.seed));
}

}  // namespace slipway
