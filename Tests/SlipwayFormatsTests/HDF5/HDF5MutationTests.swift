// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats
import SlipwayTestKit
import Testing

@Suite("Damaged HDF5 files")
struct HDF5MutationTests {
    /// Reads all there is, as deep as a fixture goes; a damaged file may lead round in circles.
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

    @Test("damage is refused or read, never a trap", arguments: HDF5Fixtures.versions)
    func mutated(version: String) throws {
        let seed = try HDF5Fixtures.bytes("\(version).h5")
        var limits = HDF5Limits()
        limits.dataByteCount = 1 << 20
        limits.freeByteCount = 1 << 20
        limits.itemCount = 1 << 14
        var refused = 0
        // Each walk reads some hundred objects: a few seconds together.
        try mutate(seeds: [seed], iterations: 150, seed: 11) { bytes in
            do {
                var budget = 400
                walk(try HDF5File(MemorySource(bytes), limits: limits).root, depth: 0, budget: &budget)
            } catch {
                refused += 1
                throw error
            }
        }
        // Most damage lies deeper than the superblock.
        #expect(refused < 150)
    }

    @Test("every cut of a file is refused or read", arguments: HDF5Fixtures.versions)
    func cut(version: String) throws {
        let seed = try HDF5Fixtures.bytes("\(version).h5")
        for count in stride(from: 0, to: 4096, by: 7) {
            guard let file = try? HDF5File(MemorySource(Array(seed.prefix(count)))) else { continue }
            var budget = 50
            walk(file.root, depth: 0, budget: &budget)
        }
        #expect(throws: FormatError.self) { try HDF5File(MemorySource(Array(seed.prefix(40)))) }
    }
}
