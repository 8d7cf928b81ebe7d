// SPDX-License-Identifier: Apache-2.0

public import FuzzDriver
import SlipwayFormats

/// Any bytes as a file of PyTorch: listed and copied, or refused with an error.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzTorch(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let content = Array(UnsafeBufferPointer(start: bytes, count: count))
    if let archive = try? TorchArchive(MemorySource(content)) {
        _ = archive.report(file: "model.pt")
        try? archive.writeSafetensors { _ in }
    }
    return 0
}

@_cdecl("FuzzTorch_main")
public func fuzzTorchMain(_ count: CInt, _ arguments: ProgramArguments) -> CInt {
    fuzz(count, arguments, fuzzTorch)
}
