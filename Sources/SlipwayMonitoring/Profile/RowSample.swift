// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// A uniform sample of rows of numbers, kept in one array (Vitter's algorithm R, seeded).
struct RowSample: Sendable {
    let width: Int
    let capacity: Int
    private(set) var values: [Double] = []
    private(set) var offered = 0
    private var random: SplitMix64

    init(width: Int, capacity: Int, seed: UInt64) {
        self.width = width
        self.capacity = max(1, capacity)
        random = SplitMix64(seed: seed)
    }

    var count: Int { min(offered, capacity) }

    mutating func add(_ row: [Double]) {
        offered += 1
        if offered <= capacity {
            values.append(contentsOf: row)
            return
        }
        let place = random.below(offered)
        guard place < capacity else { return }
        for index in 0..<width { values[place * width + index] = row[index] }
    }

    /// One column of the sampled rows, in their order.
    func column(_ index: Int) -> [Double] { (0..<count).map { values[$0 * width + index] } }

    func row(_ index: Int) -> ArraySlice<Double> { values[(index * width)..<((index + 1) * width)] }
}
