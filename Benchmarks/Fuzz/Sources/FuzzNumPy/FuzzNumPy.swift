// SPDX-License-Identifier: Apache-2.0

public import FuzzDriver
import SlipwayFormats

/// Any bytes as an .npy file and as an .npz archive: read, or refused with an error.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzNumPy(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let content = Array(UnsafeBufferPointer(start: bytes, count: count))
    _ = try? NumpyReader.read(content)
    _ = try? NumpyArchive.read(content)
    return 0
}

@_cdecl("FuzzNumPy_main")
public func fuzzNumPyMain(_ count: CInt, _ arguments: ProgramArguments) -> CInt {
    fuzz(count, arguments, fuzzNumPy)
}
