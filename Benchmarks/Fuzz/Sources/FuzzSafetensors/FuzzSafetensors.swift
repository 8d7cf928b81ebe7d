// SPDX-License-Identifier: Apache-2.0

public import FuzzDriver
import SlipwayFormats

/// Any bytes as a safetensors file, and as an ONNX file whose weights are wanted: read, or refused with an error.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSafetensors(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let content = Array(UnsafeBufferPointer(start: bytes, count: count))
    if let file = try? SafetensorsReader.read(content) {
        for tensor in file.tensors { _ = try? file.read(tensor) }
    }
    if let weights = try? ONNXWeights.read(MemorySource(content)) {
        _ = try? SafetensorsWriter.bytes(of: weights)
    }
    return 0
}

@_cdecl("FuzzSafetensors_main")
public func fuzzSafetensorsMain(_ count: CInt, _ arguments: ProgramArguments) -> CInt {
    fuzz(count, arguments, fuzzSafetensors)
}
