// SPDX-License-Identifier: Apache-2.0

#include "CSlipwayLlama.h"

// The first slot follows the version; the compiler of the library must agree.
_Static_assert(offsetof(SlipwayLlamaAPI, version) == sizeof(void *), "the table is laid out otherwise");
