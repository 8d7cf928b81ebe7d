// SPDX-License-Identifier: Apache-2.0

import SlipwayControl
import Testing

@Suite("Shards")
struct ShardTests {
    @Test("every row is read by exactly one shard", arguments: [1, 2, 3, 16])
    func partition(count: Int) throws {
        let rows = 20_000
        var readers = [Int](repeating: 0, count: rows)
        for number in 1...count {
            let shard = try Shard(parsing: "\(number)/\(count)")
            var row = 0
            while row < rows {
                switch shard.step(at: row) {
                case .read(let most):
                    // A call takes fewer rows than a block has, so steps begin inside blocks, too.
                    let taken = min(most, 300, rows - row)
                    #expect(taken > 0)
                    for index in row..<(row + taken) { readers[index] += 1 }
                    row += taken
                case .skip(let some):
                    #expect(some > 0)
                    row += some
                }
            }
        }
        #expect(readers.allSatisfy { $0 == 1 })
    }

    @Test("skips all of the others' rows at once")
    func skips() throws {
        #expect(try Shard(parsing: "3/16").step(at: 0) == .skip(2 * 1024))
        #expect(try Shard(parsing: "1/16").step(at: 1024) == .skip(15 * 1024))
        #expect(try Shard(parsing: "1/2").step(at: 1000) == .read(24))
    }

    @Test(
        "refuses what is no shard",
        arguments: ["", "3", "0/16", "17/16", "-1/2", "1/0", "1/2/3", "a/b", " 1/2", "1/99999999999999999999"])
    func refused(text: String) {
        #expect(throws: ControlError.self) { try Shard(parsing: text) }
    }
}
