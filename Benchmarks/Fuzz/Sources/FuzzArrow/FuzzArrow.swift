// SPDX-License-Identifier: Apache-2.0

public import FuzzDriver
import SlipwayFormats

/// Any bytes as an Arrow file or stream: every column of its first rows is read, or refused with an error.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzArrow(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let content = Array(UnsafeBufferPointer(start: bytes, count: count))
    guard var table = try? ArrowTable(MemorySource(content)) else { return 0 }
    var row = 0
    while row < min(table.count, 100) {
        let range = table.reach(from: row, byteCount: 4096)
        guard !range.isEmpty else { break }
        for index in table.fields.indices {
            for column in (try? table.read(range, columns: [index])) ?? [] { _ = try? column.tensor(0..<column.count) }
        }
        row = range.upperBound
    }
    return 0
}

@_cdecl("FuzzArrow_main")
public func fuzzArrowMain(_ count: CInt, _ arguments: ProgramArguments) -> CInt {
    fuzz(count, arguments, fuzzArrow)
}
