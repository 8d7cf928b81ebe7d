// SPDX-License-Identifier: Apache-2.0

public import FuzzDriver
import SlipwayFormats

/// Any bytes as an ONNX file: read, or refused with an error.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzONNX(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    _ = try? ONNXReader.read(Array(UnsafeBufferPointer(start: bytes, count: count)))
    return 0
}

@_cdecl("FuzzONNX_main")
public func fuzzONNXMain(_ count: CInt, _ arguments: ProgramArguments) -> CInt {
    fuzz(count, arguments, fuzzONNX)
}
