// SPDX-License-Identifier: Apache-2.0

#ifndef CSLIPWAY_LLAMA_H
#define CSLIPWAY_LLAMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The C ABI between Slipway and libslipway_llama.so, which is built from llama.cpp and Engines/llama.
//
// The library exports one function, slipway_llama_api; everything else is a slot of the table it hands out.
// Both sides are built from this header: a change of it is a change of SLIPWAY_LLAMA_ABI.
//
// Text is UTF-8 with a length, never terminated. A function that returns an int returns 0 on success, else a
// SLW_ERROR_ code, with `error` filled in. No function throws, and none keeps a pointer it is given.

#ifdef __cplusplus
extern "C" {
#endif

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wunknown-pragmas"
#pragma clang diagnostic ignored "-Wnullability-completeness"

#define SLIPWAY_LLAMA_ABI 2

#if defined(__clang__)
#define SLW_NONNULL _Nonnull
#else
#define SLW_NONNULL
#endif

enum {
    SLW_ERROR_INVALID_MODEL = 1,      // the file is damaged, incomplete, or lies about itself
    SLW_ERROR_UNSUPPORTED_MODEL = 2,  // an architecture or a file version llama.cpp does not know
    SLW_ERROR_OUT_OF_MEMORY = 3,
    SLW_ERROR_INVALID_INPUT = 4,      // the caller's template input, schema, grammar or parameter
    SLW_ERROR_TOO_COSTLY = 5,         // it would have taken more time, memory or depth than is allowed
    SLW_ERROR_FAILED = 6,
};

typedef struct SlwError {
    int32_t code;
    char message[1020];  // terminated
} SlwError;

/// Text allocated by the library; give it back with `free_text`. `bytes` may be NULL when `count` is 0.
typedef struct SlwText {
    char *bytes;
    size_t count;
} SlwText;

typedef struct SlwModel SlwModel;      // immutable: every function on it may be called from any thread
typedef struct SlwSession SlwSession;  // a context with its KV cache: one thread at a time
typedef struct SlwSampler SlwSampler;  // one sequence's sampling state: one thread at a time
typedef struct SlwParser SlwParser;    // reads one answer back into content, reasoning and tool calls: one thread
typedef struct SlwDrafter SlwDrafter;  // n-gram lookup over one sequence: one thread

typedef struct SlwModelFacts {
    int32_t vocabulary;
    int32_t training_context;
    int32_t embedding_width;    // of an output embedding
    int32_t class_count;        // of a reranker's head; 1 where there is none
    int32_t pooling;            // as the file says: -1 unspecified, 0 none, 1 mean, 2 cls, 3 last, 4 rank
    int32_t bos, eos, eot, sep; // -1 where there is none
    bool adds_bos, adds_eos;    // around every text
    bool adds_sep;              // between the texts of a pair
    bool has_encoder, has_decoder, is_recurrent, is_hybrid;
    bool is_causal;             // false for encoders such as BERT
    bool has_chat_template;
    int32_t most_positions;     // of a table of learned positions; 0 where any position can be computed
    uint64_t parameters;
    uint64_t bytes;             // of all weights
} SlwModelFacts;

typedef struct SlwModelOptions {
    bool maps_file;             // mmap instead of reading
    bool checks_tensors;
    /// Called while loading with 0...1; returning false stops. May be NULL.
    bool (*progress)(float fraction, void *user);
    void *user;
} SlwModelOptions;

typedef struct SlwSessionOptions {
    uint32_t cells;             // of the KV cache
    uint32_t batch;             // most tokens in one decode
    uint32_t sequences;         // highest sequence id + 1, at most 256
    uint32_t outputs;           // most tokens of one decode whose logits are wanted
    int32_t threads;            // for every decode, the calling thread included
    bool embeds;                // embeddings instead of logits
    int32_t pooling;            // as in SlwModelFacts, with `embeds`
    int32_t kv_type;            // 0 f16, 1 q8_0, 2 f32
} SlwSessionOptions;

typedef struct SlwBatch {
    int32_t count;
    const int32_t *tokens;
    const int32_t *positions;
    const int32_t *sequences;   // one for each token
    const int8_t *outputs;      // 1 where logits are wanted
} SlwBatch;

enum { SLW_DECODED = 0, SLW_NO_ROOM = 1, SLW_ABORTED = 2, SLW_DECODE_FAILED = 3 };

typedef struct SlwBias {
    int32_t token;
    float bias;
} SlwBias;

typedef struct SlwSampling {
    uint32_t seed;
    float temperature;          // 0 or less is greedy
    float dynatemp_range, dynatemp_exponent;
    int32_t top_k;
    float top_p, min_p, typical_p, top_n_sigma;
    float xtc_probability, xtc_threshold;
    int32_t penalty_last_n;
    float repeat_penalty, frequency_penalty, presence_penalty;
    float dry_multiplier, dry_base;
    int32_t dry_allowed_length, dry_penalty_last_n;
    int32_t mirostat;           // 0, 1 or 2
    float mirostat_tau, mirostat_eta;
    float adaptive_target, adaptive_decay;
    int32_t min_keep;
    bool ignores_eos;
    const SlwBias *biases;
    size_t bias_count;
    const char *grammar;        // GBNF; NULL for none
    size_t grammar_count;
    const char *constraint;     // "constraint" of chat_render's answer, JSON; NULL for none. Excludes `grammar`.
    size_t constraint_count;
} SlwSampling;

typedef struct SlwCandidate {
    int32_t token;
    float log_probability;      // natural, of the model's own distribution; never below -9999
} SlwCandidate;

typedef struct SlipwayLlamaAPI {
    uint32_t abi;
    /// `0.5.0`; constant.
    const char *(*SLW_NONNULL version)(void);
    /// The instruction sets in use; constant.
    const char *(*SLW_NONNULL system_info)(void);
    /// Takes log lines from now on: level 0 trace to 4 critical. To be called once, before anything else.
    void (*SLW_NONNULL set_log)(void (*log)(int32_t level, const char *text, void *user), void *user);
    void (*SLW_NONNULL free_text)(SlwText text);

    // Models
    int (*SLW_NONNULL model_load)(const char *path, const SlwModelOptions *options, SlwModel **model, SlwError *error);
    void (*SLW_NONNULL model_free)(SlwModel *model);
    void (*SLW_NONNULL model_facts)(const SlwModel *model, SlwModelFacts *facts);
    /// Returns the number of tokens; when that is more than `capacity`, nothing was written and the number is
    /// what is needed. -1 when the text cannot be tokenised.
    int64_t (*SLW_NONNULL tokenize)(
        const SlwModel *model, const char *text, size_t count, bool adds_special, bool parses_special,
        int32_t *tokens, size_t capacity);
    /// The bytes of one token; returns their number, and writes at most `capacity`. Control tokens are empty unless
    /// `renders_special`.
    int32_t (*SLW_NONNULL token_bytes)(
        const SlwModel *model, int32_t token, bool renders_special, char *bytes, int32_t capacity);
    bool (*SLW_NONNULL is_end)(const SlwModel *model, int32_t token);

    // Chat, through llama.cpp's templates. JSON in, JSON out; the members are described in Engines/llama/README.md.
    int (*SLW_NONNULL chat_render)(
        const SlwModel *model, const char *request, size_t count, SlwText *answer, SlwError *error);
    /// `syntax` is the member of that name of chat_render's answer.
    int (*SLW_NONNULL parser_new)(const char *syntax, size_t count, SlwParser **parser, SlwError *error);
    void (*SLW_NONNULL parser_free)(SlwParser *parser);
    /// Reads the answer so far, all of it, and tells what it adds to the last call as a JSON list of differences.
    int (*SLW_NONNULL parser_read)(
        SlwParser *parser, const char *text, size_t count, bool is_partial, SlwText *differences, SlwError *error);
    /// GBNF of a JSON schema.
    int (*SLW_NONNULL schema_grammar)(const char *schema, size_t count, SlwText *grammar, SlwError *error);

    // Sampling
    int (*SLW_NONNULL sampler_new)(
        const SlwModel *model, const SlwSampling *options, SlwSampler **sampler, SlwError *error);
    /// A sampler of other options with `source`'s grammar, which is not compiled again; the options' own is not read.
    /// To be called before `source` was fed and before anything was chosen with it.
    int (*SLW_NONNULL sampler_clone)(
        const SlwSampler *source, const SlwSampling *options, SlwSampler **sampler, SlwError *error);
    void (*SLW_NONNULL sampler_free)(SlwSampler *sampler);
    /// Tells the sampler of tokens it did not choose: the prompt, for penalties.
    void (*SLW_NONNULL sampler_feed)(SlwSampler *sampler, const int32_t *tokens, size_t count);
    /// Chooses from the logits of output `output` of the last decode, counted among all its tokens, and accepts it.
    /// `chosen` gets the token, with its log probability when `alternatives` is 0 or more; `best` the `alternatives`
    /// likeliest tokens, most likely first, and `best_count` their number.
    int (*SLW_NONNULL sample)(
        SlwSession *session, SlwSampler *sampler, int32_t output, int32_t alternatives, SlwCandidate *chosen,
        SlwCandidate *best, int32_t *best_count, SlwError *error);
    /// The log probability of `token` at an output, and the likeliest ones there.
    int (*SLW_NONNULL score)(
        SlwSession *session, int32_t output, int32_t token, int32_t alternatives, SlwCandidate *chosen,
        SlwCandidate *best, int32_t *best_count, SlwError *error);

    // Sessions
    int (*SLW_NONNULL session_new)(
        SlwModel *model, const SlwSessionOptions *options, SlwSession **session, SlwError *error);
    void (*SLW_NONNULL session_free)(SlwSession *session);
    /// Cells there really are: llama.cpp rounds.
    uint32_t (*SLW_NONNULL session_cells)(const SlwSession *session);
    /// Whether part of a sequence can be removed: not so for recurrent models.
    bool (*SLW_NONNULL session_can_trim)(const SlwSession *session);
    /// Bytes of cache and buffers, as far as llama.cpp tells.
    uint64_t (*SLW_NONNULL session_bytes)(const SlwSession *session);
    /// One of SLW_DECODED ... SLW_DECODE_FAILED. After an abort the cells of the batch are undefined: remove them.
    int (*SLW_NONNULL decode)(SlwSession *session, const SlwBatch *batch, SlwError *error);
    /// Makes a decode that runs, or the next one, return SLW_ABORTED soon; from any thread.
    void (*SLW_NONNULL abort)(SlwSession *session);
    void (*SLW_NONNULL clear_abort)(SlwSession *session);
    /// Positions [from, to) of `source` also become `target`'s, without a copy.
    void (*SLW_NONNULL sequence_copy)(SlwSession *session, int32_t source, int32_t target, int32_t from, int32_t to);
    /// Removes positions [from, to); `to` -1 is the end. False when the model cannot remove a part.
    bool (*SLW_NONNULL sequence_remove)(SlwSession *session, int32_t sequence, int32_t from, int32_t to);
    /// A sequence's cells as bytes, to be restored under any sequence id.
    int (*SLW_NONNULL sequence_save)(SlwSession *session, int32_t sequence, SlwText *state, SlwError *error);
    int (*SLW_NONNULL sequence_restore)(
        SlwSession *session, int32_t sequence, const char *state, size_t count, SlwError *error);
    /// A pooled embedding of a sequence of the last decode: embedding_width floats, or class_count for a reranker.
    /// Returns their number; 0 when there is none.
    int32_t (*SLW_NONNULL sequence_embedding)(SlwSession *session, int32_t sequence, float *values, int32_t capacity);

    // Drafting
    /// `key` tokens are looked up in what came before, and up to `most` that followed them are proposed.
    SlwDrafter *(*SLW_NONNULL drafter_new)(int32_t key, int32_t most);
    void (*SLW_NONNULL drafter_free)(SlwDrafter *drafter);
    void (*SLW_NONNULL drafter_feed)(SlwDrafter *drafter, const int32_t *tokens, size_t count);
    /// Proposes what may follow all tokens fed so far; returns how many.
    int32_t (*SLW_NONNULL drafter_propose)(SlwDrafter *drafter, int32_t *tokens, int32_t capacity);
} SlipwayLlamaAPI;

/// The table; NULL when the library was built for another version of this header.
typedef const SlipwayLlamaAPI *(*SlipwayLlamaEntry)(uint32_t abi);

#pragma clang diagnostic pop

#ifdef __cplusplus
}
#endif

#endif
