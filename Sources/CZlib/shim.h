// SPDX-License-Identifier: Apache-2.0

// zlib, as the system ships it; SlipwayFormats is its only importer.

#ifndef SLIPWAY_CZLIB_SHIM_H
#define SLIPWAY_CZLIB_SHIM_H

#include <zlib.h>

#endif
