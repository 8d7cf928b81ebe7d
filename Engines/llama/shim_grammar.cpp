// SPDX-License-Identifier: Apache-2.0

// The grammar of one sequence: a caller's own, or what a template asks of the answer.

#include <algorithm>
#include <climits>
#include <functional>

#include "common.h"
#include "json.h"
#include "reasoning-budget.h"
#include "shim_sampler.h"

namespace slipway {
namespace {

using json = common_json;

struct Triggers {
    std::vector<std::string> patterns;
    std::vector<llama_token> tokens;
};

[[noreturn]] void refuse(const std::string &message) { throw Failure(SLW_ERROR_INVALID_INPUT, message); }

std::string anchored(const std::string &pattern) {
    if (pattern.empty()) return "^$";
    return (pattern.front() == '^' ? "" : "^") + pattern + (pattern.back() == '$' ? "" : "$");
}

Triggers triggers_of(const llama_vocab *vocab, const json &constraint) {
    Triggers found;
    std::vector<std::string> preserved;
    for (const auto &text : constraint.at("preserved")) preserved.push_back(text);
    for (const auto &trigger : constraint.at("triggers")) {
        const int type = trigger.at("type").get<int>();
        const std::string value = trigger.at("value");
        if (type == COMMON_GRAMMAR_TRIGGER_TYPE_TOKEN) {
            found.tokens.push_back(trigger.at("token").get<int>());
        } else if (type == COMMON_GRAMMAR_TRIGGER_TYPE_PATTERN) {
            found.patterns.push_back(value);
        } else if (type == COMMON_GRAMMAR_TRIGGER_TYPE_PATTERN_FULL) {
            found.patterns.push_back(anchored(value));
        } else {
            const auto tokens = common_tokenize(vocab, value, false, true);
            const bool is_preserved = std::find(preserved.begin(), preserved.end(), value) != preserved.end();
            if (tokens.size() == 1 && is_preserved) {
                found.tokens.push_back(tokens[0]);
            } else {
                found.patterns.push_back(regex_escape(value));
            }
        }
    }
    return found;
}

/// Tokens of the answer's beginning that the prompt holds already.
std::vector<llama_token> begun_tokens(const llama_vocab *vocab, const std::string &begun) {
    std::vector<llama_token> tokens;
    if (begun.empty()) return tokens;
    tokens = common_tokenize(vocab, begun, false, true);
    if (tokens.empty()) return tokens;
    // Some tokenizers put a space before the first control token.
    const std::string piece = common_token_to_piece(vocab, tokens[0], true);
    const auto is_space = [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; };
    if (!piece.empty() && is_space(piece[0]) && !is_space(begun[0])) tokens.erase(tokens.begin());
    return tokens;
}

llama_grammar *make_grammar(const llama_vocab *vocab, const std::string &text) {
    if (text.find('\0') != std::string::npos) refuse("the grammar holds a zero byte");
    LogCapture capture;
    llama_grammar *grammar =
        llama_grammar_init_impl(vocab, text.c_str(), "root", false, nullptr, 0, nullptr, 0);
    if (grammar) return grammar;
    std::string reason = capture.text.substr(0, 160);
    if (reason.find("root") == std::string::npos && text.find("root") == std::string::npos) {
        reason = "it has no rule 'root'";
    }
    refuse("the grammar cannot be used: " + (reason.empty() ? "it is no GBNF with a rule 'root'" : reason));
}

void follow_thinking(SlwSampler &sampler, const json &constraint, const std::vector<llama_token> &begun) {
    const llama_vocab *vocab = sampler.model->vocab;
    const std::string start = constraint.at("thinking_start");
    std::vector<llama_tokens> ends;
    for (const auto &end : constraint.at("thinking_ends")) {
        const std::string text = end;
        if (!text.empty()) ends.push_back(common_tokenize(vocab, text, false, true));
    }
    if (start.empty() || ends.empty()) return;
    sampler.thinking = common_reasoning_budget_init(
        vocab, {common_tokenize(vocab, start, false, true)}, ends, ends.front(), INT_MAX);
    for (llama_token token : begun) llama_sampler_accept(sampler.thinking, token);
}

void build_rendered(SlwSampler &sampler, const json &constraint) {
    const llama_vocab *vocab = sampler.model->vocab;
    const std::string text = constraint.at("grammar");
    const auto begun = begun_tokens(vocab, constraint.at("generation_prompt"));
    sampler.is_lazy = constraint.at("lazy").get<bool>();
    if (!sampler.is_lazy) {
        sampler.grammar = make_grammar(vocab, text);
        if (constraint.at("user").get<bool>()) return;
        for (llama_token token : begun) llama_grammar_accept_impl(*sampler.grammar, token);
        return;
    }
    const auto triggers = triggers_of(vocab, constraint);
    if (triggers.patterns.empty() && triggers.tokens.empty()) refuse("the template names nothing that starts a call");
    std::vector<const char *> patterns;
    for (const auto &pattern : triggers.patterns) patterns.push_back(pattern.c_str());
    sampler.grammar = llama_grammar_init_impl(
        vocab, text.c_str(), "root", true, patterns.data(), patterns.size(), triggers.tokens.data(),
        triggers.tokens.size());
    if (!sampler.grammar) refuse("the grammar of the tools cannot be used");
    follow_thinking(sampler, constraint, begun);
}

using Element = llama_grammar_element;

/// Where a copy's element is, of an element of the original.
class Places {
public:
    Places(const llama_grammar_rules &source, const llama_grammar_rules &target) {
        for (size_t index = 0; index < source.size(); index++) {
            if (!source[index].empty()) ranges.push_back({source[index].data(), source[index].size(), target[index].data()});
        }
        std::sort(ranges.begin(), ranges.end(), [](const Range &one, const Range &other) {
            return std::less<const Element *>()(one.begin, other.begin);
        });
    }

    const Element *place(const Element *element) const {
        auto after = std::upper_bound(
            ranges.begin(), ranges.end(), element,
            [](const Element *one, const Range &range) { return std::less<const Element *>()(one, range.begin); });
        if (after == ranges.begin()) throw Failure(SLW_ERROR_FAILED, "the grammar cannot be copied");
        const Range &range = *--after;
        const size_t offset = size_t(element - range.begin);
        if (offset >= range.count) throw Failure(SLW_ERROR_FAILED, "the grammar cannot be copied");
        return range.target + offset;
    }

private:
    struct Range {
        const Element *begin;
        size_t count;
        const Element *target;
    };
    std::vector<Range> ranges;
};

}  // namespace

// llama.cpp's own copy compares every element of the stacks with every element of the rules.
void copy_grammar(SlwSampler &sampler, const SlwSampler &source) {
    const llama_grammar &from = *source.grammar;
    auto copy = std::unique_ptr<llama_grammar, decltype(&llama_grammar_free_impl)>(
        new llama_grammar{
            from.vocab, from.rules, from.stacks, from.partial_utf8, from.lazy, from.awaiting_trigger,
            from.trigger_buffer, from.trigger_buffer_positions, from.trigger_tokens, from.trigger_patterns},
        llama_grammar_free_impl);
    const Places places(from.rules, copy->rules);
    for (auto &stack : copy->stacks) {
        for (auto &element : stack) element = places.place(element);
    }
    sampler.is_lazy = source.is_lazy;
    sampler.grammar = copy.release();
    if (source.thinking) sampler.thinking = llama_sampler_clone(source.thinking);
}

void build_grammar(SlwSampler &sampler, const SlwSampling &options) {
    if (options.grammar) {
        sampler.grammar = make_grammar(sampler.model->vocab, std::string(options.grammar, options.grammar_count));
    } else if (options.constraint) {
        const json constraint =
            json::parse_no_throw(std::string(options.constraint, options.constraint_count));
        if (constraint.is_discarded() || !constraint.is_object()) refuse("the constraint is no JSON object");
        build_rendered(sampler, constraint);
    }
}

}  // namespace slipway
