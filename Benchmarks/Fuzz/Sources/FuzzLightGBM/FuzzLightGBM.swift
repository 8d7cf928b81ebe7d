// SPDX-License-Identifier: Apache-2.0

public import FuzzDriver
import SlipwayFormats

/// Any bytes as LightGBM's model text: read, or refused with an error.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzLightGBM(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let source = MemorySource(Array(UnsafeBufferPointer(start: bytes, count: count)))
    guard let model = try? LightGBMReader.read(source) else { return 0 }
    for tree in model.trees {
        for node in tree.features.indices where tree.isCategorical(node) { _ = tree.categories(node) }
    }
    return 0
}

@_cdecl("FuzzLightGBM_main")
public func fuzzLightGBMMain(_ count: CInt, _ arguments: ProgramArguments) -> CInt {
    fuzz(count, arguments, fuzzLightGBM)
}
