# SPDX-License-Identifier: Apache-2.0
#
# Fits attention on processors to steps that hold tokens of many sequences, in one cache.
#
# - Most cells are hidden from any one token, and llama.cpp looks at each cell's mask by itself: here they are passed
#   over many at once.
# - It shares rows out to threads without regard to the blocks of 64 that they are computed in, so that 65 tokens cost
#   almost three times as much as 64: here each thread takes whole blocks, and the few rows left over go one by one.
#
# The file is changed on its way into the build, at places that are looked for by their text; a release that reads
# otherwise ends the build.

set(SLIPWAY_ATTENTION ${CMAKE_CURRENT_BINARY_DIR}/ops.cpp)
set(SLIPWAY_ATTENTION_FOLDER ${LLAMA_SOURCE}/ggml/src/ggml-cpu)
file(READ ${SLIPWAY_ATTENTION_FOLDER}/ops.cpp SLIPWAY_OPS)

function(slipway_insert_after anchor addition)
    string(FIND "${SLIPWAY_OPS}" "${anchor}" first)
    string(FIND "${SLIPWAY_OPS}" "${anchor}" last REVERSE)
    if(first EQUAL -1 OR NOT first EQUAL last)
        message(FATAL_ERROR "attention.cmake: '${anchor}' is not in ops.cpp exactly once")
    endif()
    string(REPLACE "${anchor}" "${anchor}\n${addition}" changed "${SLIPWAY_OPS}")
    set(SLIPWAY_OPS "${changed}" PARENT_SCOPE)
endfunction()

# f16 has minus infinity as 0xFC00. Written so that compilers use vectors.
slipway_insert_after("#include \"ops.h\"" "
#include <cstdint>
static inline bool slipway_hidden(const void * masks, int64_t count) {
    const uint16_t * mask = (const uint16_t *) masks;
    uint16_t seen = 0;
    for (int64_t i = 0; i < count; i++) seen |= (uint16_t) (mask[i] ^ 0xFC00);
    return seen == 0;
}")
# Token by token: 32 cells at once.
slipway_insert_after("for (int64_t ic = ic_start; ic < ic_end; ++ic) {" "
            if (mp && ic % 32 == 0 && ic + 32 <= ic_end && slipway_hidden(mp + ic, 32)) {
                ic += 31;
                continue;
            }")
# By blocks: a whole block.
slipway_insert_after("// skip the tile entirely if all the masks are -inf
            if (mask) {" "
                bool hidden = true;
                for (int tq = 0; tq < tile_rows && hidden; tq++) {
                    const char * row = (const char *) mask->data + (iq1 + tq)*mask->nb[1]
                        + (iq2%mask->ne[2])*mask->nb[2] + (iq3%mask->ne[3])*mask->nb[3];
                    hidden = slipway_hidden((const ggml_fp16_t *) row + ic, kv_tile);
                }
                if (hidden) continue;")
# Work of both kinds uses the same memory in different ways: all threads end the first before any begins the second.
slipway_insert_after("use_tiled &= (DV % f32_epr == 0);
#endif" "
        if (use_tiled) {
            const int64_t blocks = neq1 / Q_TILE_SZ;
            const int64_t rest = neq1 % Q_TILE_SZ;
            const bool rest_is_block = rest * 4 >= Q_TILE_SZ;
            const int64_t pieces = blocks + (rest_is_block ? 1 : 0);
            const int64_t heads = neq2 * neq3;
            int64_t piece = ith;
            while (piece < pieces * heads) {
                const int64_t first = piece / pieces * neq1 + piece % pieces * Q_TILE_SZ;
                const int64_t count = piece % pieces < blocks ? (int64_t) Q_TILE_SZ : rest;
                ggml_compute_forward_flash_attn_ext_tiled(params, dst, first, first + count);
                piece = ggml_threadpool_chunk_add(params->threadpool, 1);
            }
            if (rest > 0 && !rest_is_block) {
                ggml_barrier(params->threadpool);
                for (int64_t head = ith; head < heads; head += nth) {
                    const int64_t first = head * neq1 + blocks * Q_TILE_SZ;
                    ggml_compute_forward_flash_attn_ext_f16_one_chunk(
                        params, dst, first, first + rest, 0, nek1, nullptr, 0);
                }
            }
            return;
        }")
file(CONFIGURE OUTPUT ${SLIPWAY_ATTENTION} CONTENT "${SLIPWAY_OPS}" @ONLY)

get_directory_property(targets DIRECTORY ${LLAMA_SOURCE}/ggml/src BUILDSYSTEM_TARGETS)
foreach(target ${targets})
    if(target MATCHES "^ggml-cpu")
        get_target_property(sources ${target} SOURCES)
        list(TRANSFORM sources REPLACE "^.*ggml-cpu/ops\\.cpp$" ${SLIPWAY_ATTENTION})
        set_target_properties(${target} PROPERTIES SOURCES "${sources}")
        target_include_directories(${target} PRIVATE ${SLIPWAY_ATTENTION_FOLDER})
    endif()
endforeach()
