// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// A parser accepted bytes in a way it must not: it threw an error that is not of the house's shape.
public struct MutationFailure: Error, CustomStringConvertible {
    /// Counted from 0; with the same seeds and the same seed number it is reproducible.
    public let iteration: Int
    public let input: [UInt8]
    public let cause: any Error

    public var description: String {
        "mutation \(iteration) (\(input.count) bytes) threw \(cause), which is not a SlipwayError"
    }
}

/// Feeds `iterations` mutations of `seeds` to `body`, always the same ones for the same `seed`.
///
/// A thrown ``SlipwayError`` is a refusal and counts as right. A trap ends the process: that is the finding.
///
/// - Throws: ``MutationFailure`` for any other error.
public func mutate(
    seeds: [[UInt8]], iterations: Int, seed: UInt64, _ body: ([UInt8]) throws -> Void
) throws {
    var mutator = Mutator(seeds: seeds, seed: seed)
    for iteration in 0..<iterations {
        let input = mutator.next()
        do {
            try body(input)
        } catch  where error is any SlipwayError {
            continue
        } catch {
            throw MutationFailure(iteration: iteration, input: input, cause: error)
        }
    }
}

/// Makes damaged variants of sound files: flipped bits, cuts, insertions, splices and extreme integers.
public struct Mutator: Sendable {
    private let seeds: [[UInt8]]
    private var generator: SplitMix64

    /// - Parameter seeds: Sound inputs; with none, mutations start from nothing.
    public init(seeds: [[UInt8]], seed: UInt64) {
        self.seeds = seeds.isEmpty ? [[]] : seeds
        generator = SplitMix64(seed: seed)
    }

    /// The next damaged input, one to four mutations away from a seed.
    public mutating func next() -> [UInt8] {
        var bytes = seeds[pick(seeds.count)]
        for _ in 0...pick(4) { mutateOnce(&bytes) }
        return bytes
    }

    private mutating func mutateOnce(_ bytes: inout [UInt8]) {
        guard !bytes.isEmpty else {
            bytes = randomBytes(1 + pick(64))
            return
        }
        switch pick(8) {
        case 0, 1:
            bytes[pick(bytes.count)] ^= 1 << UInt8(pick(8))
        case 2:
            bytes[pick(bytes.count)] = UInt8(truncatingIfNeeded: generator.next())
        case 3:
            bytes.removeLast(bytes.count - pick(bytes.count + 1))
        case 4:
            bytes.insert(contentsOf: randomBytes(1 + pick(8)), at: pick(bytes.count + 1))
        case 5:
            let start = pick(bytes.count)
            bytes.removeSubrange(start..<min(bytes.count, start + 1 + pick(16)))
        case 6:
            let other = seeds[pick(seeds.count)]
            bytes.removeLast(bytes.count - pick(bytes.count + 1))
            bytes.append(contentsOf: other.suffix(pick(other.count + 1)))
        default:
            overwrite(&bytes, with: extremeInteger())
        }
    }

    /// A little-endian, big-endian or varint integer at the edge of its type.
    private mutating func extremeInteger() -> [UInt8] {
        let values: [UInt64] = [
            0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF,
            0x1_0000_0000, 0x2_540B_E400, 0x7FFF_FFFF_FFFF_FFFF, 0x8000_0000_0000_0000, .max,
        ]
        let value = values[pick(values.count)]
        let width = [1, 2, 4, 8][pick(4)]
        let little = (0..<width).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
        switch pick(3) {
        case 0: return little
        case 1: return little.reversed()
        default:
            var result: [UInt8] = []
            var rest = value
            while rest >= 0x80 {
                result.append(UInt8(truncatingIfNeeded: rest) | 0x80)
                rest >>= 7
            }
            return result + [UInt8(truncatingIfNeeded: rest)]
        }
    }

    private mutating func overwrite(_ bytes: inout [UInt8], with patch: [UInt8]) {
        let start = pick(bytes.count)
        let end = min(bytes.count, start + patch.count)
        bytes.replaceSubrange(start..<end, with: patch)
    }

    private mutating func randomBytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
    }

    private mutating func pick(_ count: Int) -> Int { Int(generator.next() % UInt64(max(count, 1))) }
}
