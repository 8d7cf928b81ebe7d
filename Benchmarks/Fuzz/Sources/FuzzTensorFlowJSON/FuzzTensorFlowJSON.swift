// SPDX-License-Identifier: Apache-2.0

public import FuzzDriver
import SlipwayCore
import SlipwayWire

private let signature = ModelSignature(
    inputs: [
        TensorSpec(name: "a", elementType: .float32, shape: [.dynamic, .fixed(2)]),
        TensorSpec(name: "b", elementType: .bytes, shape: [.dynamic], isOptional: true),
    ], outputs: [])

/// Any bytes as the JSON of TensorFlow Serving's predict, and of its classify: decoded, or refused with an error.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzTensorFlowJSON(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let body = UnsafeRawBufferPointer(start: bytes, count: count)
    _ = try? TensorFlowPredictDecoder(endpoint: "m", signature: signature).decode(body)
    _ = try? TensorFlowExamplesDecoder.decode(body).inputs(for: signature)
    return 0
}

@_cdecl("FuzzTensorFlowJSON_main")
public func fuzzTensorFlowJSONMain(_ count: CInt, _ arguments: ProgramArguments) -> CInt {
    fuzz(count, arguments, fuzzTensorFlowJSON)
}
