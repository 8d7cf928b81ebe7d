// SPDX-License-Identifier: Apache-2.0

// Choosing tokens.

#include "shim_sampler.h"

#include <algorithm>
#include <cmath>
#include <chrono>
#include <utility>

#include "reasoning-budget.h"

SlwSampler::~SlwSampler() {
    llama_sampler_free(thinking);
    llama_sampler_free(chain);
    if (!grammar) return;
    // Grammars can be nested as deeply as the thread that read them allowed.
    if (is_lazy) {
        slipway::deep([this] { llama_grammar_free_impl(grammar); });
    } else {
        llama_grammar_free_impl(grammar);
    }
}

bool SlwSampler::is_constrained() const {
    if (!grammar) return false;
    if (!thinking || !is_lazy) return true;
    const auto state = common_reasoning_budget_get_state(thinking);
    return state == REASONING_BUDGET_IDLE || state == REASONING_BUDGET_DONE;
}

bool SlwSampler::fits(int32_t token) const {
    llama_token_data single{token, 1, 0};
    llama_token_data_array array{&single, 1, -1, false};
    llama_grammar_apply_impl(*grammar, &array);
    return single.logit != -INFINITY;
}

int32_t SlwSampler::run_chain(llama_token_data_array &array) {
    llama_sampler_apply(chain, &array);
    if (array.selected < 0 || size_t(array.selected) >= array.size) {
        throw slipway::Failure(SLW_ERROR_FAILED, "no token is left to choose from");
    }
    return array.data[array.selected].id;
}

void SlwSampler::take_all(const float *logits, int32_t count) {
    candidates.resize(size_t(count));
    for (int32_t token = 0; token < count; token++) {
        candidates[size_t(token)] = {token, slipway::ordered(logits[token]), 0};
    }
}

int32_t SlwSampler::choose_freely(const float *logits, int32_t count) {
    if (is_greedy) return slipway::argmax(logits, count);
    if (preselects > 0) {
        slipway::largest(logits, count, preselects, candidates);
        llama_token_data_array array{candidates.data(), candidates.size(), -1, true};
        return run_chain(array);
    }
    take_all(logits, count);
    llama_token_data_array array{candidates.data(), candidates.size(), -1, false};
    return run_chain(array);
}

size_t SlwSampler::keep_fitting() {
    llama_token_data_array array{candidates.data(), candidates.size(), -1, false};
    llama_grammar_apply_impl(*grammar, &array);
    size_t kept = 0;
    for (const auto &candidate : candidates) {
        if (candidate.logit != -INFINITY) candidates[kept++] = candidate;
    }
    candidates.resize(kept);
    return kept;
}

int32_t SlwSampler::choose_within_grammar(const float *logits, int32_t count) {
    // As many of the likeliest that fit as are needed; most of the time they are among the first few hundred.
    const size_t needed = is_greedy ? 1 : size_t(std::max(0, preselects));
    if (needed > 0 && needed <= 64) {
        slipway::largest(logits, count, 256, candidates);
        if (keep_fitting() < needed) candidates.clear();
    } else {
        candidates.clear();
    }
    if (candidates.empty()) {
        take_all(logits, count);
        if (keep_fitting() == 0) {
            throw slipway::Failure(SLW_ERROR_FAILED, "the grammar allows none of the model's tokens here");
        }
        if (needed > 0) {
            std::stable_sort(candidates.begin(), candidates.end(), [](const auto &one, const auto &other) {
                return one.logit > other.logit;
            });
        }
    }
    if (is_greedy) return candidates[0].id;
    if (needed > 0 && needed < candidates.size()) candidates.resize(needed);
    llama_token_data_array array{candidates.data(), candidates.size(), -1, needed > 0};
    return run_chain(array);
}

int32_t SlwSampler::choose(const float *logits, int32_t count) {
    const int32_t token = choose_freely(logits, count);
    // One token is checked quickly and fits most of the time; the whole vocabulary is not.
    if (!is_constrained() || fits(token)) return token;
    return choose_within_grammar(logits, count);
}

void SlwSampler::accept(int32_t token) {
    const bool holds = is_constrained();
    if (thinking) {
        llama_sampler_accept(thinking, token);
        // What ends reasoning may also begin what the grammar describes.
        if (!holds && common_reasoning_budget_get_state(thinking) == REASONING_BUDGET_DONE) {
            if (const auto *end = common_reasoning_budget_get_end_match(thinking)) {
                for (llama_token one : *end) llama_grammar_accept_impl(*grammar, one);
            }
        }
    }
    if (grammar && holds) llama_grammar_accept_impl(*grammar, token);
    if (chain) llama_sampler_accept(chain, token);
}

namespace slipway {

int sampler_new(const SlwModel *model, const SlwSampling *options, SlwSampler **sampler, SlwError *error) {
    *sampler = nullptr;
    const auto work = [&] {
        auto made = std::make_unique<SlwSampler>();
        made->model = model;
        build_chain(*made, *options);
        try {
            build_grammar(*made, *options);
        } catch (const Failure &) {
            throw;
        } catch (const std::exception &) {
            throw Failure(SLW_ERROR_INVALID_INPUT, "the grammar cannot be used");
        }
        *sampler = made.release();
    };
    if (!options->grammar && !options->constraint) return protect(error, work);
    const int code = limited_deep(error, grammar_limits, work);
    // It may have been finished beyond a limit.
    if (code && *sampler) deep([&] { delete std::exchange(*sampler, nullptr); });
    return code;
}

int sampler_clone(const SlwSampler *source, const SlwSampling *options, SlwSampler **sampler, SlwError *error) {
    *sampler = nullptr;
    const auto work = [&] {
        auto made = std::make_unique<SlwSampler>();
        made->model = source->model;
        build_chain(*made, *options, source);
        if (source->grammar) copy_grammar(*made, *source);
        *sampler = made.release();
    };
    if (!source->grammar) return protect(error, work);
    const int code = limited(error, clone_limits, work);
    if (code && *sampler) delete std::exchange(*sampler, nullptr);
    return code;
}

void sampler_free(SlwSampler *sampler) { delete sampler; }

void sampler_feed(SlwSampler *sampler, const int32_t *tokens, size_t count) {
    if (!sampler->chain) return;
    const int32_t vocabulary = sampler->model->facts.vocabulary;
    protect(nullptr, [&] {
        for (size_t index = 0; index < count; index++) {
            if (tokens[index] >= 0 && tokens[index] < vocabulary) {
                llama_sampler_accept(sampler->chain, tokens[index]);
            }
        }
    });
}

namespace {

/// Seconds: others wait while a grammar is followed.
constexpr double most_spent = 1, most_spent_each = 0.01;

const float *logits_at(SlwSession *session, int32_t output) {
    const float *logits = llama_get_logits_ith(session->context, output);
    if (!logits) throw Failure(SLW_ERROR_FAILED, "there is no output at this place of the last batch");
    return logits;
}

}  // namespace

int sample(
    SlwSession *session, SlwSampler *sampler, int32_t output, int32_t alternatives, SlwCandidate *chosen,
    SlwCandidate *best, int32_t *best_count, SlwError *error) {
    *best_count = 0;
    const auto work = [&] {
        const float *logits = logits_at(session, output);
        const int32_t count = session->model->facts.vocabulary;
        chosen->token = sampler->choose(logits, count);
        chosen->log_probability = 0;
        sampler->accept(chosen->token);
        if (alternatives >= 0) tell_probabilities(logits, count, alternatives, chosen, best, best_count);
    };
    if (!sampler->grammar) return protect(error, work);
    const auto start = std::chrono::steady_clock::now();
    const int code = limited(error, step_limits, work);
    sampler->spent += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    sampler->chosen++;
    if (code || sampler->spent <= most_spent + most_spent_each * double(sampler->chosen)) return code;
    return protect(error, [] { throw Failure(SLW_ERROR_TOO_COSTLY, "following the grammar takes too long"); });
}

int score(
    SlwSession *session, int32_t output, int32_t token, int32_t alternatives, SlwCandidate *chosen,
    SlwCandidate *best, int32_t *best_count, SlwError *error) {
    *best_count = 0;
    return protect(error, [&] {
        const int32_t count = session->model->facts.vocabulary;
        if (token < 0 || token >= count) throw Failure(SLW_ERROR_INVALID_INPUT, "the model has no such token");
        *chosen = {token, 0};
        tell_probabilities(logits_at(session, output), count, alternatives, chosen, best, best_count);
    });
}

}  // namespace slipway
