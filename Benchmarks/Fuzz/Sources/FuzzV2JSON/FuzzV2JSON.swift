// SPDX-License-Identifier: Apache-2.0

public import FuzzDriver
import SlipwayWire

/// Any bytes as the JSON of a V2 request: decoded, or refused with an error.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzV2JSON(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    _ = try? V2InferDecoder(endpoint: "m").decode(UnsafeRawBufferPointer(start: bytes, count: count))
    return 0
}

@_cdecl("FuzzV2JSON_main")
public func fuzzV2JSONMain(_ count: CInt, _ arguments: ProgramArguments) -> CInt {
    fuzz(count, arguments, fuzzV2JSON)
}
