// SPDX-License-Identifier: Apache-2.0

public import FuzzDriver
import SlipwayFormats

/// Any bytes as a file of `slipway scan`: its format is told, and archives, tar files, Keras files and pickles in it are
/// looked through; damage is a finding, so that nothing is thrown.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzScan(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let content = Array(UnsafeBufferPointer(start: bytes, count: count))
    var limits = ScanLimits()
    limits.pickle = PickleLimits(byteCount: 8 << 20, nodeCount: 1 << 20, memoCount: 1 << 20, textByteCount: 64 << 20)
    limits.members = 200
    limits.freeByteCount = 8 << 20
    let source = MemorySource(content)
    guard let report = try? ScanReport.scan(source, limits: limits) else { fatalError("a scan of memory failed") }
    precondition(report.byteCount == count && report.findings.count <= limits.findings)
    return 0
}

@_cdecl("FuzzScan_main")
public func fuzzScanMain(_ count: CInt, _ arguments: ProgramArguments) -> CInt {
    fuzz(count, arguments, fuzzScan)
}
