// SPDX-License-Identifier: Apache-2.0

public import FuzzDriver
import SlipwayFormats

/// Any bytes as a zip file: every entry is unpacked at once and piece by piece, or refused with an error.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzZip(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let source = MemorySource(Array(UnsafeBufferPointer(start: bytes, count: count)))
    var limits = ZipLimits(totalByteCount: 64 << 20)
    limits.freeByteCount = 1 << 20
    guard let reader = try? ZipReader(source, limits: limits) else { return 0 }
    for (index, entry) in reader.entries.enumerated().prefix(64) {
        _ = try? reader.read(index, limit: 1 << 20)
        guard let content = try? reader.source(of: index) else { continue }
        // Forward, and back again, as readers of HDF5 and of pickles go.
        for offset in [0, entry.byteCount / 2, max(0, entry.byteCount - 16), 0] {
            _ = try? content.bytes(at: offset, count: min(16, max(0, content.byteCount - offset)))
        }
    }
    return 0
}

@_cdecl("FuzzZip_main")
public func fuzzZipMain(_ count: CInt, _ arguments: ProgramArguments) -> CInt {
    fuzz(count, arguments, fuzzZip)
}
