// SPDX-License-Identifier: Apache-2.0

#ifndef SLIPWAY_ONNXRUNTIME_H
#define SLIPWAY_ONNXRUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The part of ONNX Runtime's C ABI that Slipway calls.
//
// The library exports one function, OrtGetApiBase; everything else is a slot of the table it hands out. Slots are
// only ever appended, so a table asked for by version works with every later library. Slots not called here are
// unused fields; slots.c proves every position at compile time.

// The table version asked for, and so the oldest library accepted: 1.24.
#define SLIPWAY_ORT_API_VERSION 24

// Slots are marked as never NULL, which spares the caller from unwrapping each; arguments are left unmarked.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wnullability-completeness"

typedef struct OrtAllocator OrtAllocator;
typedef struct OrtCUDAProviderOptionsV2 OrtCUDAProviderOptionsV2;
typedef struct OrtEnv OrtEnv;
typedef struct OrtKeyValuePairs OrtKeyValuePairs;
typedef struct OrtMapTypeInfo OrtMapTypeInfo;
typedef struct OrtMemoryInfo OrtMemoryInfo;
typedef struct OrtOptionalTypeInfo OrtOptionalTypeInfo;
typedef struct OrtRunOptions OrtRunOptions;
typedef struct OrtSequenceTypeInfo OrtSequenceTypeInfo;
typedef struct OrtSession OrtSession;
typedef struct OrtSessionOptions OrtSessionOptions;
typedef struct OrtStatus OrtStatus;
typedef struct OrtTensorTypeAndShapeInfo OrtTensorTypeAndShapeInfo;
typedef struct OrtThreadingOptions OrtThreadingOptions;
typedef struct OrtTypeInfo OrtTypeInfo;
typedef struct OrtValue OrtValue;

typedef enum OrtErrorCode {
    ORT_OK,
    ORT_FAIL,
    ORT_INVALID_ARGUMENT,
    ORT_NO_SUCHFILE,
    ORT_NO_MODEL,
    ORT_ENGINE_ERROR,
    ORT_RUNTIME_EXCEPTION,
    ORT_INVALID_PROTOBUF,
    ORT_MODEL_LOADED,
    ORT_NOT_IMPLEMENTED,
    ORT_INVALID_GRAPH,
    ORT_EP_FAIL,
    ORT_MODEL_LOAD_CANCELED,
    ORT_MODEL_REQUIRES_COMPILATION,
    ORT_NOT_FOUND
} OrtErrorCode;

typedef enum OrtLoggingLevel {
    ORT_LOGGING_LEVEL_VERBOSE,
    ORT_LOGGING_LEVEL_INFO,
    ORT_LOGGING_LEVEL_WARNING,
    ORT_LOGGING_LEVEL_ERROR,
    ORT_LOGGING_LEVEL_FATAL
} OrtLoggingLevel;

typedef enum ONNXType {
    ONNX_TYPE_UNKNOWN,
    ONNX_TYPE_TENSOR,
    ONNX_TYPE_SEQUENCE,
    ONNX_TYPE_MAP,
    ONNX_TYPE_OPAQUE,
    ONNX_TYPE_SPARSETENSOR,
    ONNX_TYPE_OPTIONAL
} ONNXType;

typedef enum ONNXTensorElementDataType {
    ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED,
    ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT,
    ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8,
    ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8,
    ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT16,
    ONNX_TENSOR_ELEMENT_DATA_TYPE_INT16,
    ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32,
    ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64,
    ONNX_TENSOR_ELEMENT_DATA_TYPE_STRING,
    ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL,
    ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16,
    ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE,
    ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT32,
    ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT64,
    ONNX_TENSOR_ELEMENT_DATA_TYPE_COMPLEX64,
    ONNX_TENSOR_ELEMENT_DATA_TYPE_COMPLEX128,
    ONNX_TENSOR_ELEMENT_DATA_TYPE_BFLOAT16
} ONNXTensorElementDataType;

typedef enum ExecutionMode { ORT_SEQUENTIAL = 0, ORT_PARALLEL = 1 } ExecutionMode;

typedef enum GraphOptimizationLevel {
    ORT_DISABLE_ALL = 0,
    ORT_ENABLE_BASIC = 1,
    ORT_ENABLE_EXTENDED = 2,
    ORT_ENABLE_LAYOUT = 3,
    ORT_ENABLE_ALL = 99
} GraphOptimizationLevel;

typedef enum OrtAllocatorType {
    OrtInvalidAllocator = -1,
    OrtDeviceAllocator = 0,
    OrtArenaAllocator = 1
} OrtAllocatorType;

typedef enum OrtMemType {
    OrtMemTypeCPUInput = -2,
    OrtMemTypeCPUOutput = -1,
    OrtMemTypeDefault = 0
} OrtMemType;

typedef void (*_Nonnull OrtLoggingFunction)(
    void *param, OrtLoggingLevel severity, const char *category, const char *logid, const char *code_location,
    const char *message);

typedef struct OrtApi {
    void *_Nullable unused0;
    OrtErrorCode (*_Nonnull GetErrorCode)(const OrtStatus *status);
    const char *_Nullable (*_Nonnull GetErrorMessage)(const OrtStatus *status);
    void *_Nullable unused3[3];
    OrtStatus *_Nullable (*_Nonnull DisableTelemetryEvents)(const OrtEnv *env);
    OrtStatus *_Nullable (*_Nonnull CreateSession)(
        const OrtEnv *env, const char *model_path, const OrtSessionOptions *options, OrtSession **out);
    OrtStatus *_Nullable (*_Nonnull CreateSessionFromArray)(
        const OrtEnv *env, const void *model_data, size_t model_data_length, const OrtSessionOptions *options,
        OrtSession **out);
    OrtStatus *_Nullable (*_Nonnull Run)(
        OrtSession *session, const OrtRunOptions *run_options, const char *const *input_names,
        const OrtValue *const *inputs, size_t input_len, const char *const *output_names, size_t output_names_len,
        OrtValue **outputs);
    OrtStatus *_Nullable (*_Nonnull CreateSessionOptions)(OrtSessionOptions **options);
    void *_Nullable unused11[2];
    OrtStatus *_Nullable (*_Nonnull SetSessionExecutionMode)(OrtSessionOptions *options, ExecutionMode execution_mode);
    OrtStatus *_Nullable (*_Nonnull EnableProfiling)(OrtSessionOptions *options, const char *profile_file_prefix);
    void *_Nullable unused15[2];
    OrtStatus *_Nullable (*_Nonnull DisableMemPattern)(OrtSessionOptions *options);
    void *_Nullable unused18[4];
    OrtStatus *_Nullable (*_Nonnull SetSessionLogSeverityLevel)(
        OrtSessionOptions *options, int session_log_severity_level);
    OrtStatus *_Nullable (*_Nonnull SetSessionGraphOptimizationLevel)(
        OrtSessionOptions *options, GraphOptimizationLevel graph_optimization_level);
    OrtStatus *_Nullable (*_Nonnull SetIntraOpNumThreads)(OrtSessionOptions *options, int intra_op_num_threads);
    OrtStatus *_Nullable (*_Nonnull SetInterOpNumThreads)(OrtSessionOptions *options, int inter_op_num_threads);
    void *_Nullable unused26[4];
    OrtStatus *_Nullable (*_Nonnull SessionGetInputCount)(const OrtSession *session, size_t *out);
    OrtStatus *_Nullable (*_Nonnull SessionGetOutputCount)(const OrtSession *session, size_t *out);
    OrtStatus *_Nullable (*_Nonnull SessionGetOverridableInitializerCount)(const OrtSession *session, size_t *out);
    OrtStatus *_Nullable (*_Nonnull SessionGetInputTypeInfo)(
        const OrtSession *session, size_t index, OrtTypeInfo **type_info);
    OrtStatus *_Nullable (*_Nonnull SessionGetOutputTypeInfo)(
        const OrtSession *session, size_t index, OrtTypeInfo **type_info);
    OrtStatus *_Nullable (*_Nonnull SessionGetOverridableInitializerTypeInfo)(
        const OrtSession *session, size_t index, OrtTypeInfo **type_info);
    OrtStatus *_Nullable (*_Nonnull SessionGetInputName)(
        const OrtSession *session, size_t index, OrtAllocator *allocator, char **value);
    OrtStatus *_Nullable (*_Nonnull SessionGetOutputName)(
        const OrtSession *session, size_t index, OrtAllocator *allocator, char **value);
    OrtStatus *_Nullable (*_Nonnull SessionGetOverridableInitializerName)(
        const OrtSession *session, size_t index, OrtAllocator *allocator, char **value);
    OrtStatus *_Nullable (*_Nonnull CreateRunOptions)(OrtRunOptions **out);
    void *_Nullable unused40;
    OrtStatus *_Nullable (*_Nonnull RunOptionsSetRunLogSeverityLevel)(OrtRunOptions *options, int log_severity_level);
    void *_Nullable unused42[4];
    OrtStatus *_Nullable (*_Nonnull RunOptionsSetTerminate)(OrtRunOptions *options);
    OrtStatus *_Nullable (*_Nonnull RunOptionsUnsetTerminate)(OrtRunOptions *options);
    OrtStatus *_Nullable (*_Nonnull CreateTensorAsOrtValue)(
        OrtAllocator *allocator, const int64_t *shape, size_t shape_len, ONNXTensorElementDataType type,
        OrtValue **out);
    OrtStatus *_Nullable (*_Nonnull CreateTensorWithDataAsOrtValue)(
        const OrtMemoryInfo *info, void *p_data, size_t p_data_len, const int64_t *shape, size_t shape_len,
        ONNXTensorElementDataType type, OrtValue **out);
    void *_Nullable unused50[3];
    OrtStatus *_Nullable (*_Nonnull GetStringTensorDataLength)(const OrtValue *value, size_t *len);
    OrtStatus *_Nullable (*_Nonnull GetStringTensorContent)(
        const OrtValue *value, void *s, size_t s_len, size_t *offsets, size_t offsets_len);
    OrtStatus *_Nullable (*_Nonnull CastTypeInfoToTensorInfo)(
        const OrtTypeInfo *type_info, const OrtTensorTypeAndShapeInfo **out);
    OrtStatus *_Nullable (*_Nonnull GetOnnxTypeFromTypeInfo)(const OrtTypeInfo *type_info, ONNXType *out);
    void *_Nullable unused57[3];
    OrtStatus *_Nullable (*_Nonnull GetTensorElementType)(
        const OrtTensorTypeAndShapeInfo *info, ONNXTensorElementDataType *out);
    OrtStatus *_Nullable (*_Nonnull GetDimensionsCount)(const OrtTensorTypeAndShapeInfo *info, size_t *out);
    OrtStatus *_Nullable (*_Nonnull GetDimensions)(
        const OrtTensorTypeAndShapeInfo *info, int64_t *dim_values, size_t dim_values_length);
    OrtStatus *_Nullable (*_Nonnull GetSymbolicDimensions)(
        const OrtTensorTypeAndShapeInfo *info, const char **dim_params, size_t dim_params_length);
    void *_Nullable unused64[3];
    OrtStatus *_Nullable (*_Nonnull GetValueType)(const OrtValue *value, ONNXType *out);
    void *_Nullable unused68;
    OrtStatus *_Nullable (*_Nonnull CreateCpuMemoryInfo)(
        OrtAllocatorType type, OrtMemType mem_type, OrtMemoryInfo **out);
    void *_Nullable unused70[6];
    OrtStatus *_Nullable (*_Nonnull AllocatorFree)(OrtAllocator *ort_allocator, void *p);
    void *_Nullable unused77;
    OrtStatus *_Nullable (*_Nonnull GetAllocatorWithDefaultOptions)(OrtAllocator **out);
    void *_Nullable unused79;
    OrtStatus *_Nullable (*_Nonnull GetValue)(
        const OrtValue *value, int index, OrtAllocator *allocator, OrtValue **out);
    OrtStatus *_Nullable (*_Nonnull GetValueCount)(const OrtValue *value, size_t *out);
    OrtStatus *_Nullable (*_Nonnull CreateValue)(
        const OrtValue *const *in, size_t num_values, ONNXType value_type, OrtValue **out);
    void *_Nullable unused83[9];
    void (*_Nonnull ReleaseEnv)(OrtEnv *input);
    void (*_Nonnull ReleaseStatus)(OrtStatus *input);
    void (*_Nonnull ReleaseMemoryInfo)(OrtMemoryInfo *input);
    void (*_Nonnull ReleaseSession)(OrtSession *input);
    void (*_Nonnull ReleaseValue)(OrtValue *input);
    void (*_Nonnull ReleaseRunOptions)(OrtRunOptions *input);
    void (*_Nonnull ReleaseTypeInfo)(OrtTypeInfo *input);
    void *_Nullable unused99;
    void (*_Nonnull ReleaseSessionOptions)(OrtSessionOptions *input);
    void *_Nullable unused101[2];
    OrtStatus *_Nullable (*_Nonnull CastTypeInfoToMapTypeInfo)(
        const OrtTypeInfo *type_info, const OrtMapTypeInfo **out);
    OrtStatus *_Nullable (*_Nonnull CastTypeInfoToSequenceTypeInfo)(
        const OrtTypeInfo *type_info, const OrtSequenceTypeInfo **out);
    OrtStatus *_Nullable (*_Nonnull GetMapKeyType)(const OrtMapTypeInfo *map_type_info, ONNXTensorElementDataType *out);
    OrtStatus *_Nullable (*_Nonnull GetMapValueType)(const OrtMapTypeInfo *map_type_info, OrtTypeInfo **type_info);
    OrtStatus *_Nullable (*_Nonnull GetSequenceElementType)(
        const OrtSequenceTypeInfo *sequence_type_info, OrtTypeInfo **type_info);
    void *_Nullable unused108[2];
    OrtStatus *_Nullable (*_Nonnull SessionEndProfiling)(OrtSession *session, OrtAllocator *allocator, char **out);
    void *_Nullable unused111[9];
    OrtStatus *_Nullable (*_Nonnull DisablePerSessionThreads)(OrtSessionOptions *options);
    OrtStatus *_Nullable (*_Nonnull CreateThreadingOptions)(OrtThreadingOptions **out);
    void (*_Nonnull ReleaseThreadingOptions)(OrtThreadingOptions *input);
    void *_Nullable unused123[2];
    OrtStatus *_Nullable (*_Nonnull GetAvailableProviders)(char ***out_ptr, int *provider_length);
    OrtStatus *_Nullable (*_Nonnull ReleaseAvailableProviders)(char **ptr, int providers_length);
    void *_Nullable unused127[3];
    OrtStatus *_Nullable (*_Nonnull AddSessionConfigEntry)(
        OrtSessionOptions *options, const char *config_key, const char *config_value);
    OrtStatus *_Nullable (*_Nonnull CreateAllocator)(
        const OrtSession *session, const OrtMemoryInfo *mem_info, OrtAllocator **out);
    void (*_Nonnull ReleaseAllocator)(OrtAllocator *input);
    void *_Nullable unused133[14];
    OrtStatus *_Nullable (*_Nonnull SetGlobalIntraOpNumThreads)(
        OrtThreadingOptions *tp_options, int intra_op_num_threads);
    OrtStatus *_Nullable (*_Nonnull SetGlobalInterOpNumThreads)(
        OrtThreadingOptions *tp_options, int inter_op_num_threads);
    OrtStatus *_Nullable (*_Nonnull SetGlobalSpinControl)(OrtThreadingOptions *tp_options, int allow_spinning);
    void *_Nullable unused150;
    OrtStatus *_Nullable (*_Nonnull CreateEnvWithCustomLoggerAndGlobalThreadPools)(
        OrtLoggingFunction logging_function, void *logger_param, OrtLoggingLevel log_severity_level, const char *logid,
        const OrtThreadingOptions *tp_options, OrtEnv **out);
    void *_Nullable unused152[40];
    OrtStatus *_Nullable (*_Nonnull HasValue)(const OrtValue *value, int *out);
    void *_Nullable unused193[11];
    OrtStatus *_Nullable (*_Nonnull SessionOptionsAppendExecutionProvider_CUDA_V2)(
        OrtSessionOptions *options, const OrtCUDAProviderOptionsV2 *cuda_options);
    OrtStatus *_Nullable (*_Nonnull CreateCUDAProviderOptions)(OrtCUDAProviderOptionsV2 **out);
    OrtStatus *_Nullable (*_Nonnull UpdateCUDAProviderOptions)(
        OrtCUDAProviderOptionsV2 *cuda_options, const char *const *provider_options_keys,
        const char *const *provider_options_values, size_t num_keys);
    void *_Nullable unused207;
    void (*_Nonnull ReleaseCUDAProviderOptions)(OrtCUDAProviderOptionsV2 *input);
    void *_Nullable unused209[7];
    OrtStatus *_Nullable (*_Nonnull SessionOptionsAppendExecutionProvider)(
        OrtSessionOptions *options, const char *provider_name, const char *const *provider_options_keys,
        const char *const *provider_options_values, size_t num_keys);
    void *_Nullable unused217[33];
    OrtStatus *_Nullable (*_Nonnull CastTypeInfoToOptionalTypeInfo)(
        const OrtTypeInfo *type_info, const OrtOptionalTypeInfo **out);
    OrtStatus *_Nullable (*_Nonnull GetOptionalContainedTypeInfo)(
        const OrtOptionalTypeInfo *optional_type_info, OrtTypeInfo **out);
    OrtStatus *_Nullable (*_Nonnull GetResizedStringTensorElementBuffer)(
        OrtValue *value, size_t index, size_t length_in_bytes, char **buffer);
    void *_Nullable unused253[44];
    const char *_Nullable (*_Nonnull GetKeyValue)(const OrtKeyValuePairs *kvps, const char *key);
    void *_Nullable unused298[2];
    void (*_Nonnull ReleaseKeyValuePairs)(OrtKeyValuePairs *input);
    void *_Nullable unused301[18];
    OrtStatus *_Nullable (*_Nonnull AllocatorGetStats)(const OrtAllocator *ort_allocator, OrtKeyValuePairs **out);
    void *_Nullable unused320[58];
    OrtStatus *_Nullable (*_Nonnull GetTensorData)(const OrtValue *value, const void **out);
    void *_Nullable unused379[11];
    bool (*_Nonnull TensorTypeAndShape_HasShape)(const OrtTensorTypeAndShapeInfo *info);
    void *_Nullable unused391[23];
    OrtStatus *_Nullable (*_Nonnull GetTensorElementTypeAndShapeDataReference)(
        const OrtValue *value, ONNXTensorElementDataType *elem_type, const int64_t **shape_data,
        size_t *shape_data_count);
} OrtApi;

typedef struct OrtApiBase {
    // NULL when the library is older than the version asked for.
    const OrtApi *_Nullable (*_Nonnull GetApi)(uint32_t version);
    const char *_Nullable (*_Nonnull GetVersionString)(void);
} OrtApiBase;

// The type of the one exported symbol, "OrtGetApiBase".
typedef const OrtApiBase *_Nullable (*_Nonnull OrtGetApiBaseFunction)(void);

#pragma clang diagnostic pop

#endif
