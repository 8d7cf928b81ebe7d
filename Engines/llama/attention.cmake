# SPDX-License-Identifier: Apache-2.0
#
# Lets attention on processors pass over cells that a token does not see, many at once.
#
# All sequences share one cache here, so that most cells are hidden from any one of them, and llama.cpp looks at each
# cell's mask by itself: with 8 prompts of 800 tokens that takes longer than what is computed. The file is changed on
# its way into the build, at two places that are looked for by their text; a release that reads otherwise ends the build.

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
