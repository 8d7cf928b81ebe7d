// SPDX-License-Identifier: Apache-2.0

// What the parts of the shim know of each other. The ABI itself is CSlipwayLlama.h.
#pragma once

#include <atomic>
#include <cmath>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "CSlipwayLlama.h"
#include "llama.h"

struct common_chat_templates;

namespace slipway {

/// A failure with the code the caller gets.
struct Failure : std::runtime_error {
    int code;
    Failure(int code, const std::string &message) : std::runtime_error(message), code(code) {}
};

// shim_guard.cpp

/// What a piece of work may cost at most.
struct Limits {
    double seconds;
    size_t bytes;  // alive at the same time
};

inline constexpr Limits template_limits{2, 512u << 20};
inline constexpr Limits grammar_limits{1, 256u << 20};
inline constexpr Limits clone_limits{0.25, 16u << 20};  // a grammar compiled already, for one more choice
inline constexpr Limits step_limits{1, 256u << 20};      // one sampled token, one reading of an answer
inline constexpr Limits tokenizer_limits{10, 2048ul << 20};

/// Runs `work`, turns whatever it throws into an error, and returns its code; 0 on success.
int protect(SlwError *error, const std::function<void()> &work);
/// As `protect`, on this thread with limits on time, memory and stack.
int limited(SlwError *error, const Limits &limits, const std::function<void()> &work);
/// The longest schema, grammar or list of tools, in bytes.
inline constexpr size_t longest_constraint = 1u << 20;
/// The longest text that is cut into tokens in one piece: regular expressions take stack for each character of a word.
inline constexpr size_t longest_text = 3u << 20;

/// As `limited`, on a thread of its own with a stack so large that what fits the memory limit can be recursed through.
int limited_deep(SlwError *error, const Limits &limits, const std::function<void()> &work);
/// Runs `work` on such a thread without limits: to destroy what was built on one.
void deep(const std::function<void()> &work);
/// Checks the limits, for loops that allocate nothing.
void tick();
/// Makes the limits hold where C++ allows no exception. Called once.
void install_guard();

// shim_log.cpp

void set_log(void (*log)(int32_t level, const char *text, void *user), void *user);
void write_log(int32_t level, const std::string &text);

/// Collects what llama.cpp reports as errors on this thread, to be told as the reason of a failure.
struct LogCapture {
    LogCapture();
    ~LogCapture();
    std::string text;
private:
    LogCapture *outer;
};

// shim_api.cpp

SlwText make_text(const std::string &text);

// shim_controls.cpp

/// Finds texts of control tokens in what users wrote and keeps them from being read as such.
class ControlTexts {
public:
    /// - template_source: the chat template's text; may be empty.
    ControlTexts(const llama_vocab *vocab, const std::string &template_source);

    struct Text {
        std::string text;
        bool is_read_always;  // by the tokenizer, in every text
    };
    /// One conversation's replacements.
    struct Session {
        std::string nonce;
        std::vector<Text> originals;
    };
    static Session begin();
    /// Replaces texts of control tokens by placeholders.
    std::string hide(const std::string &text, Session &session) const;
    /// Cuts a rendered prompt at its placeholders: `special` false for what they stood for.
    struct Part {
        std::string text;
        bool special;
    };
    static std::vector<Part> reveal(const std::string &prompt, const Session &session);

private:
    std::vector<std::vector<Text>> by_first_byte;
};

// shim_candidates.cpp

/// A logit as it is, and the lowest for what is no number: damaged weights give those, and they have no order.
inline float ordered(float logit) { return logit == logit ? logit : -INFINITY; }
int32_t argmax(const float *logits, int32_t count);
/// The `k` largest logits, largest first.
void largest(const float *logits, int32_t count, int32_t k, std::vector<llama_token_data> &found);
/// Fills in the log probability of `chosen->token`, and the likeliest tokens.
void tell_probabilities(
    const float *logits, int32_t count, int32_t alternatives, SlwCandidate *chosen, SlwCandidate *best,
    int32_t *best_count);

// The implementations of the table

extern const SlipwayLlamaAPI table;

int model_load(const char *path, const SlwModelOptions *options, SlwModel **model, SlwError *error);
void model_free(SlwModel *model);
void model_facts(const SlwModel *model, SlwModelFacts *facts);
int64_t tokenize(
    const SlwModel *model, const char *text, size_t count, bool adds_special, bool parses_special, int32_t *tokens,
    size_t capacity);
int32_t token_bytes(const SlwModel *model, int32_t token, bool renders_special, char *bytes, int32_t capacity);
bool is_end(const SlwModel *model, int32_t token);

int chat_render(const SlwModel *model, const char *request, size_t count, SlwText *answer, SlwError *error);
int parser_new(const char *syntax, size_t count, SlwParser **parser, SlwError *error);
void parser_free(SlwParser *parser);
int parser_read(
    SlwParser *parser, const char *text, size_t count, bool is_partial, SlwText *differences, SlwError *error);
int schema_grammar(const char *schema, size_t count, SlwText *grammar, SlwError *error);

int sampler_new(const SlwModel *model, const SlwSampling *options, SlwSampler **sampler, SlwError *error);
int sampler_clone(const SlwSampler *source, const SlwSampling *options, SlwSampler **sampler, SlwError *error);
void sampler_free(SlwSampler *sampler);
void sampler_feed(SlwSampler *sampler, const int32_t *tokens, size_t count);
int sample(
    SlwSession *session, SlwSampler *sampler, int32_t output, int32_t alternatives, SlwCandidate *chosen,
    SlwCandidate *best, int32_t *best_count, SlwError *error);
int score(
    SlwSession *session, int32_t output, int32_t token, int32_t alternatives, SlwCandidate *chosen,
    SlwCandidate *best, int32_t *best_count, SlwError *error);

int session_new(SlwModel *model, const SlwSessionOptions *options, SlwSession **session, SlwError *error);
void session_free(SlwSession *session);
uint32_t session_cells(const SlwSession *session);
bool session_can_trim(const SlwSession *session);
uint64_t session_bytes(const SlwSession *session);
int decode(SlwSession *session, const SlwBatch *batch, SlwError *error);
void abort_decode(SlwSession *session);
void clear_abort(SlwSession *session);
void sequence_copy(SlwSession *session, int32_t source, int32_t target, int32_t from, int32_t to);
bool sequence_remove(SlwSession *session, int32_t sequence, int32_t from, int32_t to);
int sequence_save(SlwSession *session, int32_t sequence, SlwText *state, SlwError *error);
int sequence_restore(SlwSession *session, int32_t sequence, const char *state, size_t count, SlwError *error);
int32_t sequence_embedding(SlwSession *session, int32_t sequence, float *values, int32_t capacity);

SlwDrafter *drafter_new(int32_t key, int32_t most);
void drafter_free(SlwDrafter *drafter);
void drafter_feed(SlwDrafter *drafter, const int32_t *tokens, size_t count);
int32_t drafter_propose(SlwDrafter *drafter, int32_t *tokens, int32_t capacity);

}  // namespace slipway

struct SlwModel {
    llama_model *model = nullptr;
    const llama_vocab *vocab = nullptr;
    common_chat_templates *templates = nullptr;
    std::string template_problem;  // why there are no templates
    std::unique_ptr<slipway::ControlTexts> controls;
    mutable std::atomic<int> knows_tools{-1};  // whether the templates do: 0, 1, or -1 before it was tried
    SlwModelFacts facts{};

    SlwModel() = default;
    SlwModel(const SlwModel &) = delete;
    ~SlwModel();
};

struct SlwSession {
    const SlwModel *model = nullptr;
    llama_context *context = nullptr;
    void *threads = nullptr;  // a ggml thread pool
    bool embeds = false;
    uint32_t batch = 0;
    uint32_t outputs = 0;
    int32_t sequences = 0;
    std::atomic<bool> aborted{false};
    // Of the next batch
    std::vector<llama_seq_id *> sequence_pointers;
    std::vector<int32_t> sequence_counts;
    std::vector<int8_t> wanted;

    SlwSession() = default;
    SlwSession(const SlwSession &) = delete;
    ~SlwSession();
};
