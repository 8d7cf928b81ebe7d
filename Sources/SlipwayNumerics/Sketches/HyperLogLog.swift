// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The number of distinct values of a stream, about 1.6 % exact at `precision` 12, in 4 KB.
///
/// Flajolet and others 2007, with linear counting for small numbers and 64-bit hashes, so that no correction for
/// large ones is needed. Sketches of one precision merge to that of the union.
package struct HyperLogLog: Sendable, Hashable, Codable {
    package let precision: Int
    package private(set) var registers: [UInt8]

    /// - Parameter precision: Bits of the hash that choose a register, 4 to 16; others are brought inside.
    package init(precision: Int = 12) {
        self.precision = min(max(precision, 4), 16)
        registers = [UInt8](repeating: 0, count: 1 << self.precision)
    }

    /// Registers made elsewhere; `nil` where their number is not a power of two from 16 to 65,536, or one is above 61.
    package init?(registers: [UInt8]) {
        let bits = registers.count.trailingZeroBitCount
        guard registers.count.nonzeroBitCount == 1, (4...16).contains(bits) else { return nil }
        guard registers.allSatisfy({ Int($0) <= 64 - bits + 1 }) else { return nil }
        precision = bits
        self.registers = registers
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        guard let decoded = HyperLogLog(registers: try container.decode([UInt8].self, forKey: .registers)) else {
            throw DecodingError.dataCorruptedError(
                forKey: .registers, in: container, debugDescription: "registers must be 16 to 65,536, a power of two")
        }
        self = decoded
    }

    private enum CodingKeys: String, CodingKey { case precision, registers }

    /// Counts a value by its hash, of which all 64 bits must be mixed; see ``StableHash``.
    package mutating func add(hash: UInt64) {
        let index = Int(truncatingIfNeeded: hash &>> UInt64(64 - precision))
        // The bit below the rest bounds the run of zeros.
        let rest = hash &<< UInt64(precision) | 1 &<< UInt64(precision - 1)
        let rank = UInt8(truncatingIfNeeded: rest.leadingZeroBitCount + 1)
        if registers[index] < rank { registers[index] = rank }
    }

    package mutating func add(_ x: Double) { add(hash: StableHash.of(x)) }
    package mutating func add(_ text: String) { add(hash: StableHash.of(text)) }

    /// Takes the union; of another precision it is left out and told by `false`.
    @discardableResult
    package mutating func merge(_ other: HyperLogLog) -> Bool {
        guard precision == other.precision else { return false }
        for index in registers.indices { registers[index] = max(registers[index], other.registers[index]) }
        return true
    }

    /// The estimated number of distinct values; relative standard error `1.04 / sqrt(registers)`.
    package var estimate: Double {
        let m = Double(registers.count)
        let sum = registers.reduce(0.0) { $0 + Double(sign: .plus, exponent: -Int($1), significand: 1) }
        let alpha =
            switch registers.count {
            case 16: 0.673
            case 32: 0.697
            case 64: 0.709
            default: 0.7213 / (1 + 1.079 / m)
            }
        let raw = alpha * m * m / sum
        let empty = registers.reduce(0) { $0 + ($1 == 0 ? 1 : 0) }
        return raw <= 2.5 * m && empty > 0 ? m * log(m / Double(empty)) : raw
    }
}
