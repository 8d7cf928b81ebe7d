// SPDX-License-Identifier: Apache-2.0

import SlipwayMonitoring
import Testing

@Suite struct ProcessResourcesTests {
    private static let fields = "S 1 2 3 4 5 6 7 8 9 10 150 50 13 14 15 16 12 18 98765 20 2048 22"

    @Test("a command with spaces and parentheses does not shift the fields", arguments: ["sh", "a b", "x) S 9 (y"])
    func command(name: String) throws {
        let stat = try #require(ProcessStat(parsing: "42 (\(name)) \(Self.fields)\n"))
        #expect(stat.cpuTicks == 200)
        #expect(stat.threads == 12)
        #expect(stat.startTicks == 98_765)
        #expect(stat.residentPages == 2048)
    }

    @Test(
        "what is not such a file is refused",
        arguments: ["", "42 (sh", "42 (sh) S 1 2", "42 (sh) S 1 2 3 4 5 6 7 8 9 10 x 50 13 14 15 16 12 18 1 20 2 3"])
    func malformed(text: String) {
        #expect(ProcessStat(parsing: text) == nil)
    }

    @Test("sums that do not fit are refused")
    func overflow() {
        let text = "42 (sh) S 1 2 3 4 5 6 7 8 9 10 \(Int.max) 50 13 14 15 16 12 18 1 20 2 3"
        #expect(ProcessStat(parsing: text) == nil)
    }

    @Test("this process uses memory, a thread and three files or more")
    func current() throws {
        let resources = try #require(ProcessResources.current())
        #expect(resources.residentBytes > 1 << 20)
        #expect(resources.threads >= 1)
        #expect(resources.openFiles >= 3)
        // 2020-01-01: a clock before that would be a unit mistaken.
        #expect(resources.startTime > 1_577_836_800)
    }
}
