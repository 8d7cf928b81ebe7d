// SPDX-License-Identifier: Apache-2.0

public import FuzzDriver
import SlipwayFormats

/// Any bytes as an HDF5 file: everything in it is read, or refused with an error.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzHDF5(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let content = Array(UnsafeBufferPointer(start: bytes, count: count))
    var limits = HDF5Limits()
    limits.dataByteCount = 1 << 20
    limits.itemCount = 1 << 14
    guard let file = try? HDF5File(MemorySource(content), limits: limits) else { return 0 }
    var budget = 100
    walk(file.root, depth: 0, budget: &budget)
    return 0
}

/// Damaged files may lead round in circles, so that depth and number are bounded here.
private func walk(_ object: HDF5Object, depth: Int, budget: inout Int) {
    budget -= 1
    guard budget > 0, depth < 6 else { return }
    for name in (try? object.attributeNames()) ?? [] { _ = try? object.attribute(name) }
    _ = try? object.read()
    for (name, link) in (try? object.members()) ?? [:] {
        guard let member = try? object.object(name, link) else { continue }
        walk(member, depth: depth + 1, budget: &budget)
    }
}

@_cdecl("FuzzHDF5_main")
public func fuzzHDF5Main(_ count: CInt, _ arguments: ProgramArguments) -> CInt {
    fuzz(count, arguments, fuzzHDF5)
}
