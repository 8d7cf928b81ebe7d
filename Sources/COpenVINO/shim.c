// SPDX-License-Identifier: Apache-2.0
#include "COpenVINO.h"

#include <string.h>

// A function pointer is copied as bytes: C has no cast from an object's address to a function.
static int bind_symbol(void *slot, slipway_ov_find find, void *context, const char *name) {
    void *address = find(context, name);
    if (address == NULL) return 0;
    memcpy(slot, &address, sizeof address);
    return 1;
}

const char *slipway_ov_bind(slipway_ov_functions *functions, slipway_ov_find find, void *context) {
#define BIND(name, parameters) \
    if (!bind_symbol(&functions->name, find, context, #name)) return #name;
    SLIPWAY_OV_CALLS(BIND)
    SLIPWAY_OV_RELEASES(BIND)
    BIND(ov_get_last_err_msg, )
#undef BIND
    return NULL;
}
