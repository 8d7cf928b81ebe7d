// SPDX-License-Identifier: Apache-2.0

public import FuzzDriver
import SlipwayFormats

/// Any bytes as UBJSON, as JSON, and as models of XGBoost and CatBoost: read, or refused with an error.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzUBJSON(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let source = MemorySource(Array(UnsafeBufferPointer(start: bytes, count: count)))
    _ = try? UBJSONReader.read(source)
    _ = try? JSONReader.read(source)
    _ = try? XGBoostReader.read(source)
    _ = try? CatBoostReader.read(source)
    return 0
}

@_cdecl("FuzzUBJSON_main")
public func fuzzUBJSONMain(_ count: CInt, _ arguments: ProgramArguments) -> CInt {
    fuzz(count, arguments, fuzzUBJSON)
}
