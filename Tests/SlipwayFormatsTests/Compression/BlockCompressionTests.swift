// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats
import SlipwayTestKit
import Testing

@Suite("Compression by the system's libraries")
struct BlockCompressionTests {
    static let available = BlockCompression.allCases.filter(\.isAvailable)

    private func expanded(_ packed: [UInt8], _ method: BlockCompression, count: Int) throws -> [UInt8] {
        var target = [UInt8](repeating: 0, count: count)
        try packed.withUnsafeBytes { source in
            try target.withUnsafeMutableBytes { try method.decompress(source, into: $0) }
        }
        return target
    }

    @Test("gives back what it took", arguments: available, [0, 1, 1000, 300_000])
    func roundTrip(method: BlockCompression, count: Int) throws {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 / 50) }
        let packed = try bytes.withUnsafeBytes { try method.compress($0) }
        #expect(try expanded(packed, method, count: count) == bytes)
        if count > 1000 { #expect(packed.count < count / 10) }
    }

    @Test("refuses more or fewer bytes than were announced", arguments: available, [999, 1001])
    func wrongSize(method: BlockCompression, announced: Int) throws {
        let packed = try [UInt8](repeating: 7, count: 1000).withUnsafeBytes { try method.compress($0) }
        #expect(throws: FormatError.self) { try expanded(packed, method, count: announced) }
        #expect(throws: FormatError.self) { try expanded(Array(packed.dropLast()), method, count: 1000) }
    }

    @Test("damaged blocks give bytes or errors and never write beyond their room", arguments: available)
    func damaged(method: BlockCompression) throws {
        let packed = try (0..<5000).map { UInt8(truncatingIfNeeded: $0 / 50) }.withUnsafeBytes {
            try method.compress($0)
        }
        try mutate(seeds: [packed], iterations: 2000, seed: 3) { bytes in
            var target = [UInt8](repeating: 0xAA, count: 5100)
            defer { #expect(target[5000...].allSatisfy { $0 == 0xAA }) }
            try bytes.withUnsafeBytes { source in
                try target.withUnsafeMutableBytes { room in
                    try method.decompress(source, into: UnsafeMutableRawBufferPointer(rebasing: room[..<5000]))
                }
            }
        }
    }
}
