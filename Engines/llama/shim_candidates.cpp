// SPDX-License-Identifier: Apache-2.0

// Reading logits: the largest, the largest few, and their probabilities.

#include <algorithm>
#include <cmath>

#include "shim.h"

namespace slipway {
namespace {

// The compiler keeps as many maxima side by side as a vector register has lanes.
constexpr int32_t lanes = 32;

float maximum(const float *values, int32_t count) {
    float best[lanes];
    for (int32_t lane = 0; lane < lanes; lane++) best[lane] = -INFINITY;
    int32_t index = 0;
    for (; index + lanes <= count; index += lanes) {
        for (int32_t lane = 0; lane < lanes; lane++) {
            const float value = values[index + lane];
            best[lane] = value > best[lane] ? value : best[lane];
        }
    }
    float result = -INFINITY;
    for (; index < count; index++) result = values[index] > result ? values[index] : result;
    for (float value : best) result = value > result ? value : result;
    return result;
}

float finite(float log_probability) {
    // Also false for NaN
    return log_probability > -9999.0f ? std::min(log_probability, 0.0f) : -9999.0f;
}

}  // namespace

int32_t argmax(const float *logits, int32_t count) {
    const float best = maximum(logits, count);
    for (int32_t index = 0; index < count; index++) {
        if (logits[index] == best) return index;
    }
    return 0;  // nothing but NaN
}

void largest(const float *logits, int32_t count, int32_t k, std::vector<llama_token_data> &found) {
    const auto is_larger = [](const llama_token_data &one, const llama_token_data &other) {
        return one.logit > other.logit;
    };
    k = std::min(k, count);
    found.clear();
    if (k <= 0) return;
    for (int32_t index = 0; index < k; index++) found.push_back({index, ordered(logits[index]), 0});
    std::make_heap(found.begin(), found.end(), is_larger);
    for (int32_t index = k; index < count; index++) {
        // Also for what is no number
        if (!(logits[index] > found.front().logit)) continue;
        std::pop_heap(found.begin(), found.end(), is_larger);
        found.back() = {index, logits[index], 0};
        std::push_heap(found.begin(), found.end(), is_larger);
    }
    std::sort(found.begin(), found.end(), [](const llama_token_data &one, const llama_token_data &other) {
        return one.logit != other.logit ? one.logit > other.logit : one.id < other.id;
    });
}

void tell_probabilities(
    const float *logits, int32_t count, int32_t alternatives, SlwCandidate *chosen, SlwCandidate *best,
    int32_t *best_count) {
    const float highest = maximum(logits, count);
    double sum = 0;
    for (int32_t index = 0; index < count; index++) sum += std::exp(logits[index] - highest);
    const float normal = highest + float(std::log(sum));
    if (chosen->token >= 0 && chosen->token < count) {
        chosen->log_probability = finite(logits[chosen->token] - normal);
    }
    if (alternatives <= 0) return;
    std::vector<llama_token_data> found;
    largest(logits, count, alternatives, found);
    for (size_t index = 0; index < found.size(); index++) {
        best[index] = {found[index].id, finite(found[index].logit - normal)};
    }
    *best_count = int32_t(found.size());
}

}  // namespace slipway
