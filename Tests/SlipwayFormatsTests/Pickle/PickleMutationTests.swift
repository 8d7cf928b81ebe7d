// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats
import SlipwayTestKit
import Testing

@Suite("Mutated pickles")
struct PickleMutationTests {
    private func seeds() throws -> [[UInt8]] {
        let files = try ["numpy1-0.pkl", "numpy2-2.pkl", "numpy2-5.pkl", "numpy2.joblib", "xz.joblib"].map { name in
            let source = try PickleReaderTests.source(name)
            return try source.bytes(at: 0, count: source.byteCount)
        }
        return files + PickleAttackTests.whole.map(\.bytes)
    }

    /// Visits every value once, as a reader of the document would.
    static func visit(_ value: PickleValue, budget: inout Int) {
        budget -= 1
        guard budget > 0 else { return }
        switch value.kind {
        case .array(let array):
            _ = (try? array.doubles(), try? array.integers(), try? array.strings())
            for name in array.fieldNames { _ = array.field(name) }
            for object in array.objects ?? [] { visit(object, budget: &budget) }
        case .dictionary(let entries):
            for entry in entries { visit(entry.value, budget: &budget) }
        case .object(let object):
            for part in object.arguments + object.items { visit(part, budget: &budget) }
            if let state = object.state { visit(state, budget: &budget) }
        default:
            for part in value.list ?? [] { visit(part, budget: &budget) }
        }
    }

    @Test("are read or refused, never more")
    func reader() throws {
        var refused = 0
        try mutate(seeds: seeds(), iterations: 4000, seed: 21) { bytes in
            do {
                let document = try PickleReader.read(
                    bytes, limits: PickleLimits(byteCount: 1 << 20, nodeCount: 100_000))
                var budget = 2000
                Self.visit(document.value, budget: &budget)
            } catch {
                refused += 1
                throw error
            }
        }
        // Otherwise the mutations would be too tame, or too wild, to reach anything.
        #expect((1..<4000).contains(refused))
    }

    @Test("are scanned without an error, archives too")
    func scanner() throws {
        let archives = try [ScanReportTests.torch(), ScanReportTests.tar("model.pkl")]
        try mutate(seeds: seeds() + archives, iterations: 2000, seed: 22) { bytes in
            let report = try ScanReport.scan(MemorySource(bytes))
            #expect(report.byteCount == bytes.count)
        }
    }
}
