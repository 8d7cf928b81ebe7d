// SPDX-License-Identifier: Apache-2.0

public import FuzzDriver
import SlipwayFormats

/// Any bytes as a pickle, and as a file to be scanned: read, or refused with an error, within the limits.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzPickle(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let source = MemorySource(Array(UnsafeBufferPointer(start: bytes, count: count)))
    let limits = PickleLimits(byteCount: 8 << 20, nodeCount: 1 << 20, memoCount: 1 << 20)
    if let document = try? PickleReader.read(source, limits: limits) {
        var budget = 1000
        visit(document.value, &budget)
    }
    var scanLimits = ScanLimits()
    scanLimits.pickle = limits
    scanLimits.members = 200
    scanLimits.freeByteCount = 8 << 20
    _ = try? ScanReport.scan(source, limits: scanLimits)
    return 0
}

/// Looks at values as a converter would.
private func visit(_ value: PickleValue, _ budget: inout Int) {
    budget -= 1
    guard budget > 0 else { return }
    switch value.kind {
    case .array(let array):
        _ = (try? array.doubles(), try? array.floats(), try? array.integers(), try? array.strings())
        for name in array.fieldNames { _ = try? array.field(name)?.doubles() }
        for object in array.objects ?? [] { visit(object, &budget) }
    case .dictionary(let entries):
        for entry in entries {
            visit(entry.key, &budget)
            visit(entry.value, &budget)
        }
    case .object(let object):
        for part in object.arguments + object.items { visit(part, &budget) }
        for entry in object.entries { visit(entry.value, &budget) }
        if let state = object.state { visit(state, &budget) }
    default:
        for part in value.list ?? [] { visit(part, &budget) }
    }
}

@_cdecl("FuzzPickle_main")
public func fuzzPickleMain(_ count: CInt, _ arguments: ProgramArguments) -> CInt {
    fuzz(count, arguments, fuzzPickle)
}
