// SPDX-License-Identifier: Apache-2.0

// The library's one entry, and the table behind it.

#include <dlfcn.h>

#include <cstdlib>
#include <cstring>
#include <mutex>

#include "ggml-backend.h"
#include "log.h"
#include "shim.h"

namespace slipway {
namespace {

/// ggml's processors lie beside this library where it was built for many machines.
void load_backends() {
#ifdef SLIPWAY_PORTABLE
    Dl_info info;
    if (dladdr(reinterpret_cast<const void *>(&load_backends), &info) == 0 || !info.dli_fname) return;
    const std::string path(info.dli_fname);
    const size_t slash = path.rfind('/');
    ggml_backend_load_all_from_path(slash == std::string::npos ? "." : path.substr(0, slash).c_str());
#endif
}

void start() {
    static std::once_flag once;
    std::call_once(once, [] {
        install_guard();
        // Its lines repeat what callers wrote, and it would print them.
        common_log_set_verbosity_thold(-1);
        set_log(nullptr, nullptr);
        load_backends();
        llama_backend_init();
    });
}

void free_text(SlwText text) { free(text.bytes); }

}  // namespace

SlwText make_text(const std::string &text) {
    if (text.empty()) return {};
    char *bytes = static_cast<char *>(malloc(text.size()));
    if (!bytes) throw std::bad_alloc();
    memcpy(bytes, text.data(), text.size());
    return {bytes, text.size()};
}

const SlipwayLlamaAPI table = {
    SLIPWAY_LLAMA_ABI,
    llama_version,
    llama_print_system_info,
    set_log,
    free_text,
    model_load,
    model_free,
    model_facts,
    tokenize,
    token_bytes,
    is_end,
    chat_render,
    parser_new,
    parser_free,
    parser_read,
    schema_grammar,
    sampler_new,
    sampler_clone,
    sampler_free,
    sampler_feed,
    sample,
    score,
    session_new,
    session_free,
    session_cells,
    session_can_trim,
    session_bytes,
    decode,
    abort_decode,
    clear_abort,
    sequence_copy,
    sequence_remove,
    sequence_save,
    sequence_restore,
    sequence_embedding,
    drafter_new,
    drafter_free,
    drafter_feed,
    drafter_propose,
};

}  // namespace slipway

extern "C" __attribute__((visibility("default"))) const SlipwayLlamaAPI *slipway_llama_api(uint32_t abi) {
    if (abi != SLIPWAY_LLAMA_ABI) return nullptr;
    slipway::start();
    return &slipway::table;
}
