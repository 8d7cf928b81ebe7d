// SPDX-License-Identifier: Apache-2.0

import SlipwayServer
import Testing

@Suite("Connections at once")
struct ConnectionLimitTests {
    @Test(
        "are half of the files that may be open, within reason",
        arguments: [(0, 64), (100, 64), (1024, 512), (20_000, 10_000), (1 << 20, 16_384), (UInt64.max, 16_384)])
    func automatic(descriptors: UInt64, expected: Int) {
        #expect(ConnectionLimit.automatic(descriptors: descriptors) == expected)
    }

    @Test("the limit of open files is known")
    func limit() {
        #expect(ConnectionLimit.descriptorLimit() > 0)
    }
}
