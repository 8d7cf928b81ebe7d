// SPDX-License-Identifier: Apache-2.0

public import FuzzDriver
import SlipwayCore
import SlipwayWire

/// Any bytes as TensorFlow Serving's `PredictRequest`: decoded, and its tensors written again, or refused with an error.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzTensorFlowProtobuf(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let body = UnsafeRawBufferPointer(start: bytes, count: count)
    guard let message = try? TensorFlowPredictMessage.decode(body) else { return 0 }
    _ = TensorFlowPredictMessage.encode(
        InferenceResponse(
            id: nil, endpoint: "m", version: 1, outputs: message.inference.inputs, timings: InferenceTimings()))
    return 0
}

@_cdecl("FuzzTensorFlowProtobuf_main")
public func fuzzTensorFlowProtobufMain(_ count: CInt, _ arguments: ProgramArguments) -> CInt {
    fuzz(count, arguments, fuzzTensorFlowProtobuf)
}
