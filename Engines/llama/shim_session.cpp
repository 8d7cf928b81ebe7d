// SPDX-License-Identifier: Apache-2.0

// A KV cache and what computes on it.

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "ggml-backend.h"
#include "ggml-cpu.h"
#include "llama-ext.h"
#include "shim.h"

namespace {

template <typename Function>
Function cpu_function(const char *name) {
    ggml_backend_dev_t device = ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU);
    if (!device) return nullptr;
    return reinterpret_cast<Function>(ggml_backend_reg_get_proc_address(ggml_backend_dev_backend_reg(device), name));
}

void *new_threads(int32_t count) {
    const auto make = cpu_function<decltype(&ggml_threadpool_new)>("ggml_threadpool_new");
    if (!make) throw slipway::Failure(SLW_ERROR_FAILED, "llama.cpp has no processor to compute on");
    ggml_threadpool_params parameters = ggml_threadpool_params_default(count);
    // A thread that waits by spinning takes the core of what it waits for, and of everything else here.
    parameters.poll = 0;
    void *threads = make(&parameters);
    if (!threads) throw slipway::Failure(SLW_ERROR_OUT_OF_MEMORY, "the threads could not be started");
    return threads;
}

ggml_type type_of(int32_t kind) {
    switch (kind) {
        case 0: return GGML_TYPE_F16;
        case 1: return GGML_TYPE_Q8_0;
        case 2: return GGML_TYPE_F32;
        default: throw slipway::Failure(SLW_ERROR_INVALID_INPUT, "the cache's type must be 0, 1 or 2");
    }
}

llama_context_params parameters_of(const SlwModel &model, const SlwSessionOptions &options, SlwSession &session) {
    llama_context_params parameters = llama_context_default_params();
    parameters.n_ctx = options.cells;
    parameters.n_batch = options.batch;
    parameters.n_ubatch = options.batch;
    parameters.n_threads = options.threads;
    parameters.n_threads_batch = options.threads;
    parameters.kv_unified = true;
    parameters.no_perf = true;
    parameters.offload_kqv = false;
    parameters.op_offload = false;
    parameters.type_k = parameters.type_v = type_of(options.kv_type);
    parameters.flash_attn_type =
        options.kv_type == 1 ? LLAMA_FLASH_ATTN_TYPE_ENABLED : LLAMA_FLASH_ATTN_TYPE_AUTO;
    parameters.abort_callback = [](void *user) {
        return static_cast<SlwSession *>(user)->aborted.load(std::memory_order_relaxed);
    };
    parameters.abort_callback_data = &session;
    // Recurrent states are set aside by the number of sequences, and states of higher ones are not saved.
    // Logits are set aside for at least as many outputs as there are sequences, so the number is kept low.
    const bool has_states = model.facts.is_recurrent || model.facts.is_hybrid;
    const uint32_t outputs = options.embeds ? options.batch : std::clamp(options.outputs, 1u, options.batch);
    parameters.n_seq_max = has_states ? options.sequences : std::min(options.sequences, outputs);
    parameters.n_outputs_max = std::max(outputs, parameters.n_seq_max);
    // llama.cpp tries its graphs with as many tokens for each sequence, and pooling needs an output of each of them.
    if (options.embeds) {
        const uint32_t whole = (outputs + parameters.n_seq_max - 1) / parameters.n_seq_max * parameters.n_seq_max;
        parameters.n_batch = parameters.n_ubatch = parameters.n_outputs_max = whole;
        parameters.n_ctx = std::max(parameters.n_ctx, whole);
    }
    // As many of one sequence as of all: a prompt that is scored or pooled asks for each of its tokens.
    parameters.n_outputs_max_per_seq = 0;
    parameters.embeddings = options.embeds;
    if (options.embeds) parameters.pooling_type = static_cast<enum llama_pooling_type>(options.pooling);
    return parameters;
}

void check(const SlwSessionOptions &options) {
    const bool is_sound = options.cells > 0 && options.cells <= (1u << 27) && options.batch > 0 &&
        options.batch <= (1u << 20) && options.sequences > 0 && options.sequences <= 256 && options.threads > 0 &&
        options.threads <= 512 && options.pooling >= -1 && options.pooling <= 4;
    if (!is_sound) throw slipway::Failure(SLW_ERROR_INVALID_INPUT, "the session's options are out of range");
}

/// Set while a session that embeds computes.
thread_local bool leaves_outputs = false;

struct LeavesOutputs {
    explicit LeavesOutputs(bool leaves) { leaves_outputs = leaves; }
    ~LeavesOutputs() { leaves_outputs = false; }
};

bool is_sequence(const SlwSession &session, int32_t sequence) {
    return sequence >= 0 && sequence < session.sequences;
}

int run_batch(SlwSession &session, const SlwBatch &batch) {
    const size_t count = size_t(batch.count);
    session.sequence_pointers.resize(count);
    session.sequence_counts.assign(count, 1);
    session.wanted.assign(batch.outputs, batch.outputs + count);
    uint32_t wanted = 0;
    for (size_t index = 0; index < count; index++) {
        session.sequence_pointers[index] = const_cast<llama_seq_id *>(batch.sequences + index);
        if (session.embeds) session.wanted[index] = 1;
        wanted += session.wanted[index] != 0;
    }
    if (wanted > session.outputs) {
        throw slipway::Failure(SLW_ERROR_INVALID_INPUT, "the batch asks for more outputs than the session has");
    }
    llama_batch given{};
    given.n_tokens = batch.count;
    given.token = const_cast<llama_token *>(batch.tokens);
    given.pos = const_cast<llama_pos *>(batch.positions);
    given.n_seq_id = session.sequence_counts.data();
    given.seq_id = session.sequence_pointers.data();
    given.logits = session.wanted.data();
    const LeavesOutputs leaves(session.embeds);
    if (!llama_get_memory(session.context)) return llama_encode(session.context, given);
    return llama_decode(session.context, given);
}

}  // namespace

extern "C" {

void __real_ggml_backend_buffer_clear(ggml_backend_buffer_t buffer, uint8_t value);

// llama.cpp sets logits of the whole vocabulary aside for every token of a text that is embedded, and clears them: many
// gigabytes that encoders never write to. Left alone, they take no memory.
void __wrap_ggml_backend_buffer_clear(ggml_backend_buffer_t buffer, uint8_t value) {
    if (leaves_outputs && value == 0) return;
    __real_ggml_backend_buffer_clear(buffer, value);
}
}

SlwSession::~SlwSession() {
    if (context) llama_free(context);
    if (!threads) return;
    const auto free_threads = cpu_function<decltype(&ggml_threadpool_free)>("ggml_threadpool_free");
    if (free_threads) free_threads(static_cast<ggml_threadpool *>(threads));
}

namespace slipway {

int session_new(SlwModel *model, const SlwSessionOptions *options, SlwSession **session, SlwError *error) {
    *session = nullptr;
    return protect(error, [&] {
        check(*options);
        auto made = std::make_unique<SlwSession>();
        made->model = model;
        made->embeds = options->embeds;
        LogCapture capture;
        const auto parameters = parameters_of(*model, *options, *made);
        made->context = llama_init_from_model(model->model, parameters);
        if (!made->context) {
            throw Failure(
                SLW_ERROR_OUT_OF_MEMORY,
                "the KV cache could not be made: " + (capture.text.empty() ? "no reason given" : capture.text));
        }
        made->batch = llama_n_batch(made->context);
        made->outputs = parameters.n_outputs_max;
        made->sequences = int32_t(parameters.n_seq_max);
        made->threads = new_threads(options->threads);
        auto *threads = static_cast<ggml_threadpool *>(made->threads);
        llama_attach_threadpool(made->context, threads, threads);
        *session = made.release();
    });
}

void session_free(SlwSession *session) { delete session; }

uint32_t session_cells(const SlwSession *session) { return llama_n_ctx(session->context); }

bool session_can_trim(const SlwSession *session) {
    return !session->model->facts.is_recurrent && !session->model->facts.is_hybrid;
}

uint64_t session_bytes(const SlwSession *session) {
    uint64_t bytes = 0;
    protect(nullptr, [&] {
        for (const auto &[type, memory] : llama_get_memory_breakdown(session->context)) {
            bytes += memory.context + memory.compute;
        }
    });
    return bytes;
}

int decode(SlwSession *session, const SlwBatch *batch, SlwError *error) {
    int result = SLW_DECODE_FAILED;
    const int failed = protect(error, [&] {
        if (batch->count <= 0 || uint32_t(batch->count) > session->batch) {
            throw Failure(SLW_ERROR_INVALID_INPUT, "the batch is empty or larger than the session's");
        }
        const int32_t most = session->model->facts.most_positions;
        for (int32_t index = 0; index < batch->count; index++) {
            if (!is_sequence(*session, batch->sequences[index])) {
                throw Failure(SLW_ERROR_INVALID_INPUT, "no such sequence");
            }
            if (most > 0 && batch->positions[index] >= most) {
                throw Failure(SLW_ERROR_INVALID_INPUT, "the model has no such position");
            }
        }
        LogCapture capture;
        switch (run_batch(*session, *batch)) {
            case 0: result = SLW_DECODED; break;
            case 1: result = SLW_NO_ROOM; break;
            case 2: result = SLW_ABORTED; break;
            default:
                throw Failure(SLW_ERROR_FAILED, capture.text.empty() ? "the batch could not be computed" : capture.text);
        }
    });
    return failed ? SLW_DECODE_FAILED : result;
}

void abort_decode(SlwSession *session) { session->aborted.store(true, std::memory_order_relaxed); }
void clear_abort(SlwSession *session) { session->aborted.store(false, std::memory_order_relaxed); }

void sequence_copy(SlwSession *session, int32_t source, int32_t target, int32_t from, int32_t to) {
    llama_memory_t memory = llama_get_memory(session->context);
    if (!memory || !is_sequence(*session, source) || !is_sequence(*session, target) || source == target) return;
    protect(nullptr, [&] { llama_memory_seq_cp(memory, source, target, from, to); });
}

bool sequence_remove(SlwSession *session, int32_t sequence, int32_t from, int32_t to) {
    llama_memory_t memory = llama_get_memory(session->context);
    if (!memory || !is_sequence(*session, sequence)) return true;
    bool is_removed = false;
    protect(nullptr, [&] { is_removed = llama_memory_seq_rm(memory, sequence, from, to); });
    return is_removed;
}

int sequence_save(SlwSession *session, int32_t sequence, SlwText *state, SlwError *error) {
    *state = {};
    return protect(error, [&] {
        if (!is_sequence(*session, sequence)) throw Failure(SLW_ERROR_INVALID_INPUT, "no such sequence");
        const size_t size = llama_state_seq_get_size(session->context, sequence);
        std::unique_ptr<char, decltype(&free)> bytes(static_cast<char *>(malloc(size ? size : 1)), free);
        if (!bytes) throw Failure(SLW_ERROR_OUT_OF_MEMORY, "there is no memory for the sequence's state");
        auto *target = reinterpret_cast<uint8_t *>(bytes.get());
        const size_t written = llama_state_seq_get_data(session->context, target, size, sequence);
        if (written == 0) throw Failure(SLW_ERROR_FAILED, "the sequence's state could not be read");
        *state = {bytes.release(), written};
    });
}

int sequence_restore(SlwSession *session, int32_t sequence, const char *state, size_t count, SlwError *error) {
    return protect(error, [&] {
        if (!is_sequence(*session, sequence)) throw Failure(SLW_ERROR_INVALID_INPUT, "no such sequence");
        const auto *bytes = reinterpret_cast<const uint8_t *>(state);
        if (llama_state_seq_set_data(session->context, bytes, count, sequence) == 0) {
            throw Failure(SLW_ERROR_FAILED, "the state does not fit this session, or there is no room for it");
        }
    });
}

int32_t sequence_embedding(SlwSession *session, int32_t sequence, float *values, int32_t capacity) {
    if (!session->embeds || !is_sequence(*session, sequence)) return 0;
    int32_t count = 0;
    protect(nullptr, [&] {
        const float *found = llama_get_embeddings_seq(session->context, sequence);
        if (!found) return;
        const SlwModelFacts &facts = session->model->facts;
        count = llama_pooling_type(session->context) == LLAMA_POOLING_TYPE_RANK ? facts.class_count
                                                                                : facts.embedding_width;
        if (count <= capacity) memcpy(values, found, size_t(count) * sizeof(float));
    });
    return count <= capacity ? count : 0;
}

}  // namespace slipway
