// SPDX-License-Identifier: Apache-2.0

// One sequence's sampling state.
#pragma once

#include "llama-grammar.h"
#include "shim.h"

struct SlwSampler {
    const SlwModel *model = nullptr;
    /// The likeliest token is the answer: nothing changes the logits.
    bool is_greedy = false;
    /// Only so many of the likeliest reach the chain, where nothing before `top_k` changes the logits; 0 for all.
    int32_t preselects = 0;
    llama_sampler *chain = nullptr;    // null when greedy
    llama_grammar *grammar = nullptr;
    llama_sampler *thinking = nullptr;  // follows reasoning, where a lazy grammar does not hold
    bool is_lazy = false;
    std::vector<llama_token_data> candidates;
    // What following the grammar has taken so far
    double spent = 0;
    int64_t chosen = 0;

    SlwSampler() = default;
    SlwSampler(const SlwSampler &) = delete;
    ~SlwSampler();

    int32_t choose(const float *logits, int32_t count);
    void accept(int32_t token);
    bool is_constrained() const;

private:
    bool fits(int32_t token) const;
    void take_all(const float *logits, int32_t count);
    int32_t choose_freely(const float *logits, int32_t count);
    int32_t choose_within_grammar(const float *logits, int32_t count);
    /// Removes what the grammar forbids from the candidates; returns how many are left.
    size_t keep_fitting();
    int32_t run_chain(llama_token_data_array &array);
};

namespace slipway {

/// Adds the samplers that do something, in llama.cpp's order. What took long to make is copied from `source`, which has
/// seen nothing yet; it may be null.
void build_chain(SlwSampler &sampler, const SlwSampling &options, const SlwSampler *source = nullptr);
/// Sets up the grammar of the options; throws when it cannot be read.
void build_grammar(SlwSampler &sampler, const SlwSampling &options);
/// Copies a grammar that has seen nothing yet.
void copy_grammar(SlwSampler &sampler, const SlwSampler &source);

}  // namespace slipway
