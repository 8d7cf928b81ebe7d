// SPDX-License-Identifier: Apache-2.0

public import FuzzDriver
import SlipwayFormats

/// Any bytes as CSV and as lines, read in small blocks: records, or an error.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzCSV(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let source = MemorySource(Array(UnsafeBufferPointer(start: bytes, count: count)))
    var records = CSVStream(source)
    while let block = try? records.read(3), block.count > 0 {
        for index in 0..<block.count { _ = block.texts(of: index) }
    }
    var lines = LineStream(source)
    while let block = try? lines.read(3), block.count > 0 {}
    return 0
}

@_cdecl("FuzzCSV_main")
public func fuzzCSVMain(_ count: CInt, _ arguments: ProgramArguments) -> CInt {
    fuzz(count, arguments, fuzzCSV)
}
