// SPDX-License-Identifier: Apache-2.0

public import FuzzDriver
import SlipwayWire

/// Any bytes as a `ModelInferRequest`.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzV2Protobuf(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    _ = try? V2ProtobufDecoder.decode(UnsafeRawBufferPointer(start: bytes, count: bytes == nil ? 0 : count))
    return 0
}

@_cdecl("FuzzV2Protobuf_main")
public func fuzzV2ProtobufMain(_ count: CInt, _ arguments: ProgramArguments) -> CInt {
    fuzz(count, arguments, fuzzV2Protobuf)
}
