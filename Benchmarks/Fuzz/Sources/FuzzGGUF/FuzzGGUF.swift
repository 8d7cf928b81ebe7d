// SPDX-License-Identifier: Apache-2.0

public import FuzzDriver
import SlipwayFormats

/// Any bytes as a GGUF file: read, and its memory told, or refused with an error.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzGGUF(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let info = try? GGUFReader.read(Array(UnsafeBufferPointer(start: bytes, count: count))) else { return 0 }
    _ = info.memory.bytes(cells: 4096, batch: 512, sequences: 8, elementBytes: 2)
    try? info.requireServable()
    return 0
}

@_cdecl("FuzzGGUF_main")
public func fuzzGGUFMain(_ count: CInt, _ arguments: ProgramArguments) -> CInt {
    fuzz(count, arguments, fuzzGGUF)
}
