// SPDX-License-Identifier: Apache-2.0

public import FuzzDriver
import SlipwayFormats

/// Any bytes as protobuf text: read, or refused with an error.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzProtobufText(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    _ = try? ProtobufTextReader.read(Array(UnsafeBufferPointer(start: bytes, count: count)))
    return 0
}

@_cdecl("FuzzProtobufText_main")
public func fuzzProtobufTextMain(_ count: CInt, _ arguments: ProgramArguments) -> CInt {
    fuzz(count, arguments, fuzzProtobufText)
}
