// SPDX-License-Identifier: Apache-2.0

// Loading a model, and its vocabulary.

#include <climits>
#include <cstring>

#include "chat.h"
#include "llama-model.h"
#include "shim.h"

namespace {

bool contains(const std::string &text, const char *word) { return text.find(word) != std::string::npos; }

int code_of(const std::string &reason) {
    if (contains(reason, "unknown model architecture") || contains(reason, "unknown pre-tokenizer") ||
        contains(reason, "unsupported model") || contains(reason, "is not supported") ||
        contains(reason, "bad GGUF version") || contains(reason, "invalid ggml type")) {
        return SLW_ERROR_UNSUPPORTED_MODEL;
    }
    if (contains(reason, "unable to allocate") || contains(reason, "failed to allocate") ||
        contains(reason, "bad_alloc")) {
        return SLW_ERROR_OUT_OF_MEMORY;
    }
    return SLW_ERROR_INVALID_MODEL;
}

void read_facts(SlwModel &model) {
    SlwModelFacts &facts = model.facts;
    const llama_model *loaded = model.model;
    facts.vocabulary = llama_vocab_n_tokens(model.vocab);
    facts.training_context = llama_model_n_ctx_train(loaded);
    facts.embedding_width = llama_model_n_embd_out(loaded);
    facts.class_count = int32_t(llama_model_n_cls_out(loaded));
    facts.pooling = LLAMA_POOLING_TYPE_UNSPECIFIED;
    facts.is_causal = true;
    char name[128], key[192], value[64];
    if (llama_model_meta_val_str(loaded, "general.architecture", name, sizeof name) > 0) {
        snprintf(key, sizeof key, "%s.pooling_type", name);
        if (llama_model_meta_val_str(loaded, key, value, sizeof value) > 0) facts.pooling = atoi(value);
        snprintf(key, sizeof key, "%s.attention.causal", name);
        if (llama_model_meta_val_str(loaded, key, value, sizeof value) > 0) facts.is_causal = strcmp(value, "false");
    }
    facts.bos = llama_vocab_bos(model.vocab);
    facts.eos = llama_vocab_eos(model.vocab);
    facts.eot = llama_vocab_eot(model.vocab);
    facts.sep = llama_vocab_sep(model.vocab);
    facts.adds_sep = llama_vocab_get_add_sep(model.vocab) && facts.sep >= 0;
    facts.adds_bos = llama_vocab_get_add_bos(model.vocab);
    facts.adds_eos = llama_vocab_get_add_eos(model.vocab);
    facts.has_encoder = llama_model_has_encoder(loaded);
    facts.has_decoder = llama_model_has_decoder(loaded);
    facts.is_recurrent = llama_model_is_recurrent(loaded);
    facts.is_hybrid = llama_model_is_hybrid(loaded);
    facts.most_positions = loaded->pos_embd ? int32_t(loaded->pos_embd->ne[1]) : 0;
    facts.parameters = llama_model_n_params(loaded);
    facts.bytes = llama_model_size(loaded);
}

/// llama.cpp ends the process where it finds later what is found here.
void check(const SlwModel &model) {
    using slipway::Failure;
    const SlwModelFacts &facts = model.facts;
    const auto type = llama_vocab_type(model.vocab);
    if (type == LLAMA_VOCAB_TYPE_NONE || facts.vocabulary <= 0) {
        throw Failure(SLW_ERROR_UNSUPPORTED_MODEL, "the model's file has no vocabulary");
    }
    const bool is_framed = type == LLAMA_VOCAB_TYPE_WPM;
    if ((facts.adds_bos || is_framed) && facts.bos < 0) {
        throw Failure(SLW_ERROR_INVALID_MODEL, "texts are to begin with a token that the vocabulary does not name");
    }
    if ((facts.adds_eos && facts.eos < 0) || (is_framed && facts.sep < 0)) {
        throw Failure(SLW_ERROR_INVALID_MODEL, "texts are to end with a token that the vocabulary does not name");
    }
    if (facts.has_encoder && facts.has_decoder) {
        throw Failure(SLW_ERROR_UNSUPPORTED_MODEL, "models with an encoder and a decoder are not supported");
    }
}

std::string template_source(const SlwModel &model) {
    std::string source;
    for (const char *name : {static_cast<const char *>(nullptr), "tool_use"}) {
        if (const char *text = llama_model_chat_template(model.model, name)) source += text;
    }
    return source;
}

void read_templates(SlwModel &model) {
    if (!llama_model_chat_template(model.model, nullptr) && !llama_model_chat_template(model.model, "tool_use")) {
        model.template_problem = "the model's file has no chat template";
        return;
    }
    SlwError error{};
    const int failed = slipway::limited_deep(&error, slipway::template_limits, [&] {
        model.templates = common_chat_templates_init(model.model, "").release();
    });
    if (!failed) return;
    model.templates = nullptr;
    model.template_problem = std::string("the model's chat template cannot be used: ") + error.message;
    slipway::write_log(2, model.template_problem);
}

}  // namespace

SlwModel::~SlwModel() {
    if (templates) slipway::deep([this] { common_chat_templates_free(templates); });
    if (model) llama_model_free(model);
}

namespace slipway {

int model_load(const char *path, const SlwModelOptions *options, SlwModel **model, SlwError *error) {
    *model = nullptr;
    return protect(error, [&] {
        auto loaded = std::make_unique<SlwModel>();
        llama_model_params parameters = llama_model_default_params();
        parameters.load_mode = options->maps_file ? LLAMA_LOAD_MODE_MMAP : LLAMA_LOAD_MODE_NONE;
        parameters.check_tensors = options->checks_tensors;
        parameters.n_gpu_layers = 0;
        struct Progress {
            const SlwModelOptions *options;
            bool is_stopped;
        } progress{options, false};
        parameters.progress_callback_user_data = &progress;
        parameters.progress_callback = [](float fraction, void *user) {
            auto *progress = static_cast<Progress *>(user);
            if (!progress->options->progress) return true;
            if (!progress->options->progress(fraction, progress->options->user)) progress->is_stopped = true;
            return !progress->is_stopped;
        };
        LogCapture capture;
        loaded->model = llama_model_load_from_file(path, parameters);
        if (!loaded->model) {
            if (progress.is_stopped) throw Failure(SLW_ERROR_FAILED, "loading was stopped");
            const std::string reason = capture.text.empty() ? "no reason given" : capture.text;
            throw Failure(code_of(reason), reason);
        }
        loaded->vocab = llama_model_get_vocab(loaded->model);
        read_facts(*loaded);
        check(*loaded);
        loaded->controls = std::make_unique<ControlTexts>(loaded->vocab, template_source(*loaded));
        read_templates(*loaded);
        loaded->facts.has_chat_template = loaded->templates != nullptr;
        *model = loaded.release();
    });
}

void model_free(SlwModel *model) { delete model; }

void model_facts(const SlwModel *model, SlwModelFacts *facts) { *facts = model->facts; }

int64_t tokenize(
    const SlwModel *model, const char *text, size_t count, bool adds_special, bool parses_special, int32_t *tokens,
    size_t capacity) {
    if (count > longest_text) return -1;
    int64_t needed = -1;
    const auto work = [&] {
        const int32_t room = int32_t(std::min(capacity, size_t(INT32_MAX)));
        const int32_t found = llama_tokenize(
            model->vocab, text, int32_t(count), tokens, room, adds_special, parses_special);
        if (found != INT32_MIN) needed = found < 0 ? -int64_t(found) : found;
    };
    SlwError error{};
    // Regular expressions recurse once for each character of a long word.
    const int failed =
        count > 1024 ? limited_deep(&error, tokenizer_limits, work) : limited(&error, tokenizer_limits, work);
    return failed ? -1 : needed;
}

int32_t token_bytes(const SlwModel *model, int32_t token, bool renders_special, char *bytes, int32_t capacity) {
    if (token < 0 || token >= model->facts.vocabulary) return 0;
    int32_t count = 0;
    protect(nullptr, [&] {
        count = llama_token_to_piece(model->vocab, token, bytes, capacity, 0, renders_special);
    });
    return count < 0 ? -count : count;
}

bool is_end(const SlwModel *model, int32_t token) {
    return token >= 0 && token < model->facts.vocabulary && llama_vocab_is_eog(model->vocab, token);
}

}  // namespace slipway
