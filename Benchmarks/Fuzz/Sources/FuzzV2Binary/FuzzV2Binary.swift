// SPDX-License-Identifier: Apache-2.0

public import FuzzDriver
import SlipwayWire

/// Any bytes as a V2 request with binary tensors; the first two bytes say how long the JSON is.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzV2Binary(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let bytes, count >= 2 else { return 0 }
    let headerLength = Int(bytes[0]) << 8 | Int(bytes[1])
    let body = UnsafeRawBufferPointer(start: bytes + 2, count: count - 2)
    _ = try? V2InferDecoder(endpoint: "m").decode(body, headerLength: String(headerLength))
    return 0
}

@_cdecl("FuzzV2Binary_main")
public func fuzzV2BinaryMain(_ count: CInt, _ arguments: ProgramArguments) -> CInt {
    fuzz(count, arguments, fuzzV2Binary)
}
