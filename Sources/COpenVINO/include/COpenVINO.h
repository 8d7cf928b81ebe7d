// SPDX-License-Identifier: Apache-2.0
//
// The part of OpenVINO's C API (2026.4) that Slipway uses, written from the library's documentation of it. The library
// is opened at run time: nothing here is linked against.

#ifndef C_OPENVINO_H
#define C_OPENVINO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct slipway_ov_core slipway_ov_core;
typedef struct slipway_ov_model slipway_ov_model;
typedef struct slipway_ov_compiled_model slipway_ov_compiled_model;
typedef struct slipway_ov_port slipway_ov_port;
typedef struct slipway_ov_request slipway_ov_request;
typedef struct slipway_ov_tensor slipway_ov_tensor;

/// 0 for success; of the others, those told apart here have names.
typedef int32_t slipway_ov_status;

enum {
    SLIPWAY_OV_OK = 0,
    SLIPWAY_OV_GENERAL_ERROR = -1,
    SLIPWAY_OV_NOT_IMPLEMENTED = -2,
    SLIPWAY_OV_PARAMETER_MISMATCH = -4,
    SLIPWAY_OV_CANCELLED = -13,
    /// The C functions' own refusals begin here; they leave no message.
    SLIPWAY_OV_INVALID_PARAMETER = -14,
};

/// The library's numbers of element types.
enum {
    SLIPWAY_OV_DYNAMIC = 0,
    SLIPWAY_OV_BOOLEAN = 1,
    SLIPWAY_OV_BF16 = 2,
    SLIPWAY_OV_F16 = 3,
    SLIPWAY_OV_F32 = 4,
    SLIPWAY_OV_F64 = 5,
    SLIPWAY_OV_I8 = 7,
    SLIPWAY_OV_I16 = 8,
    SLIPWAY_OV_I32 = 9,
    SLIPWAY_OV_I64 = 10,
    SLIPWAY_OV_U8 = 16,
    SLIPWAY_OV_U16 = 17,
    SLIPWAY_OV_U32 = 18,
    SLIPWAY_OV_U64 = 19,
    SLIPWAY_OV_STRING = 23,
};

typedef struct {
    const char *_Nullable build;
    const char *_Nullable description;
} slipway_ov_version;

typedef struct {
    char *_Nullable *_Nullable names;
    size_t count;
} slipway_ov_devices;

typedef struct {
    int64_t rank;
    int64_t *_Nullable extents;
} slipway_ov_shape;

/// Both ends inclusive; -1 as the upper end means none.
typedef struct {
    int64_t least;
    int64_t most;
} slipway_ov_dimension;

typedef struct {
    slipway_ov_dimension rank;
    slipway_ov_dimension *_Nullable extents;
} slipway_ov_partial_shape;

typedef struct {
    const char *_Nonnull key;
    const void *_Nonnull value;
} slipway_ov_property;

typedef void (*slipway_ov_log)(const char *_Nullable message);

/// Every function used: its name in the library and its parameters. All return a status.
#define SLIPWAY_OV_CALLS(X)                                                                                       \
    X(ov_get_openvino_version, (slipway_ov_version *_Nonnull))                                                    \
    X(ov_core_create, (slipway_ov_core *_Nullable *_Nonnull))                                                     \
    X(ov_core_get_available_devices, (const slipway_ov_core *_Nonnull, slipway_ov_devices *_Nonnull))             \
    X(ov_core_read_model, (const slipway_ov_core *_Nonnull, const char *_Nonnull path,                            \
                           const char *_Nullable weights, slipway_ov_model *_Nullable *_Nonnull))                 \
    X(ov_core_compile_model_props,                                                                                \
      (const slipway_ov_core *_Nonnull, const slipway_ov_model *_Nonnull, const char *_Nonnull device,            \
       size_t count, const slipway_ov_property *_Nullable, slipway_ov_compiled_model *_Nullable *_Nonnull))       \
    X(ov_model_inputs_size, (const slipway_ov_model *_Nonnull, size_t *_Nonnull))                                 \
    X(ov_model_outputs_size, (const slipway_ov_model *_Nonnull, size_t *_Nonnull))                                \
    X(ov_model_const_input_by_index,                                                                              \
      (const slipway_ov_model *_Nonnull, size_t, slipway_ov_port *_Nullable *_Nonnull))                           \
    X(ov_model_const_output_by_index,                                                                             \
      (const slipway_ov_model *_Nonnull, size_t, slipway_ov_port *_Nullable *_Nonnull))                           \
    X(ov_port_get_any_name, (const slipway_ov_port *_Nonnull, char *_Nullable *_Nonnull))                         \
    X(ov_port_get_partial_shape, (const slipway_ov_port *_Nonnull, slipway_ov_partial_shape *_Nonnull))           \
    X(ov_port_get_element_type, (const slipway_ov_port *_Nonnull, uint32_t *_Nonnull))                            \
    X(ov_compiled_model_create_infer_request,                                                                     \
      (const slipway_ov_compiled_model *_Nonnull, slipway_ov_request *_Nullable *_Nonnull))                       \
    X(ov_compiled_model_get_property,                                                                             \
      (const slipway_ov_compiled_model *_Nonnull, const char *_Nonnull key, char *_Nullable *_Nonnull))           \
    X(ov_infer_request_set_input_tensor_by_index,                                                                 \
      (slipway_ov_request *_Nonnull, size_t, const slipway_ov_tensor *_Nonnull))                                  \
    X(ov_infer_request_get_output_tensor_by_index,                                                                \
      (const slipway_ov_request *_Nonnull, size_t, slipway_ov_tensor *_Nullable *_Nonnull))                       \
    X(ov_infer_request_start_async, (slipway_ov_request *_Nonnull))                                               \
    X(ov_infer_request_wait, (slipway_ov_request *_Nonnull))                                                      \
    X(ov_infer_request_cancel, (slipway_ov_request *_Nonnull))                                                    \
    X(ov_tensor_create_from_host_ptr,                                                                             \
      (uint32_t type, slipway_ov_shape, void *_Nonnull, slipway_ov_tensor *_Nullable *_Nonnull))                  \
    X(ov_tensor_get_shape, (const slipway_ov_tensor *_Nonnull, slipway_ov_shape *_Nonnull))                       \
    X(ov_tensor_get_element_type, (const slipway_ov_tensor *_Nonnull, uint32_t *_Nonnull))                        \
    X(ov_tensor_get_size, (const slipway_ov_tensor *_Nonnull, size_t *_Nonnull))                                  \
    X(ov_tensor_data, (const slipway_ov_tensor *_Nonnull, void *_Nullable *_Nonnull))                             \
    X(ov_shape_free, (slipway_ov_shape *_Nonnull))

/// Those that give something back and return nothing.
#define SLIPWAY_OV_RELEASES(X)                                                                                    \
    X(ov_version_free, (slipway_ov_version *_Nonnull))                                                            \
    X(ov_core_free, (slipway_ov_core *_Nonnull))                                                                  \
    X(ov_available_devices_free, (slipway_ov_devices *_Nonnull))                                                  \
    X(ov_model_free, (slipway_ov_model *_Nonnull))                                                                \
    X(ov_compiled_model_free, (slipway_ov_compiled_model *_Nonnull))                                              \
    X(ov_output_const_port_free, (slipway_ov_port *_Nonnull))                                                     \
    X(ov_partial_shape_free, (slipway_ov_partial_shape *_Nonnull))                                                \
    X(ov_infer_request_free, (slipway_ov_request *_Nonnull))                                                      \
    X(ov_tensor_free, (slipway_ov_tensor *_Nonnull))                                                              \
    X(ov_free, (const char *_Nonnull))                                                                            \
    X(ov_util_set_log_callback, (slipway_ov_log _Nullable))

/// The library's functions, found by name.
typedef struct {
#define SLIPWAY_OV_CALL(name, parameters) slipway_ov_status(*_Nonnull name) parameters;
#define SLIPWAY_OV_RELEASE(name, parameters) void (*_Nonnull name) parameters;
    SLIPWAY_OV_CALLS(SLIPWAY_OV_CALL)
    SLIPWAY_OV_RELEASES(SLIPWAY_OV_RELEASE)
#undef SLIPWAY_OV_CALL
#undef SLIPWAY_OV_RELEASE
    /// The last failure's message, to be given back with `ov_free`; shared by all threads.
    const char *_Nullable (*_Nonnull ov_get_last_err_msg)(void);
} slipway_ov_functions;

/// Finds a symbol; NULL when the library has none of the name.
typedef void *_Nullable (*slipway_ov_find)(void *_Nullable context, const char *_Nonnull name);

/// Fills `functions`; returns the name of the first that `find` does not know, NULL when all are there.
const char *_Nullable slipway_ov_bind(
    slipway_ov_functions *_Nonnull functions, slipway_ov_find _Nonnull find, void *_Nullable context);

#endif
