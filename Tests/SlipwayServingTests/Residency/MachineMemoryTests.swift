// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayServing
import Testing

@Suite("Memory estimates")
struct MachineMemoryTests {
    @Test("reads what the machine has left")
    func meminfo() {
        let text = "MemTotal:       16384000 kB\nMemFree:  1 kB\nMemAvailable:    8192000 kB\nBuffers: 3 kB\n"
        #expect(MachineMemory.parse(meminfo: text) == 8_192_000 * 1024)
    }

    @Test(
        "reads nothing from anything else",
        arguments: [
            "", "\n\n", "MemAvailable:", "MemAvailable: 5", "MemAvailable: x kB", "MemAvailable: -5 kB",
            "MemAvailable: 5 MB", "MemAvailable: 9223372036854775807 kB", "MemAvailable: 92233720368547758070 kB",
            "memavailable: 5 kB", "MemAvailable: 1 2 kB",
        ])
    func badMeminfo(text: String) {
        #expect(MachineMemory.parse(meminfo: text) == nil)
    }

    @Test("reads a group's limit and use, cache that can be dropped not counted")
    func groups() {
        let plain = MachineMemory.parse(limit: "1000\n", current: "300\n", stat: nil)
        #expect(plain == MachineMemory.Group(limit: 1000, used: 300) && plain?.available == 700)
        let second = MachineMemory.parse(
            limit: "1000\n", current: "900\n", stat: "anon 100\ninactive_file 500\nactive_file 300\n")
        #expect(second?.used == 400)
        let first = MachineMemory.parse(
            limit: "1000", current: "900", stat: "inactive_file 100\ntotal_inactive_file 600\n")
        #expect(first?.used == 300)
        let odd = MachineMemory.parse(limit: "1000", current: "400", stat: "inactive_file 500\n\nx\ninactive_file -1")
        #expect(odd?.used == 0 && odd?.available == 1000)
        #expect(MachineMemory.parse(limit: "100", current: "400", stat: nil)?.available == 0)
    }

    @Test(
        "no limit, or no sense in the texts, is no group",
        arguments: [
            ("max\n", "5"), ("9223372036854771712\n", "5"), ("", "5"), ("-1", "5"), ("5", ""), ("5", "-1"),
            ("5", "99999999999999999999"), ("1 2", "5"), ("0x10", "5"),
        ])
    func noGroup(limit: String, current: String) {
        #expect(MachineMemory.parse(limit: limit, current: current, stat: nil) == nil)
    }

    @Test("this machine tells what it has, where it is a Linux with a proc file system")
    func here() throws {
        // Nothing but the sign can be known of a machine that tests run on.
        #expect(try #require(MachineMemory.available()) > 0)
    }

    @Test("an estimate is twice the files and a fixed part, whatever the size", arguments: [0, 1 << 20, 1 << 61])
    func estimate(fileBytes: Int) { #expect(MemoryEstimate(fileBytes: fileBytes).bytes == 2 * fileBytes + (8 << 20)) }

    @Test("strange sizes give the largest or smallest estimate, and never fail")
    func extremes() {
        #expect(MemoryEstimate(fileBytes: .max).bytes == (1 << 62) + (8 << 20))
        #expect(MemoryEstimate(fileBytes: .min).bytes == 8 << 20)
    }

    @Test(
        "takes pinning and idle time from an endpoint's spec", arguments: [nil, 1.5, -1, Double.nan, Double.infinity])
    func policy(seconds: Double?) {
        var spec = LifecycleSpec()
        #expect(ResidencyPolicy(spec) == ResidencyPolicy())
        spec.isPinned = true
        spec.idleUnloadSeconds = seconds
        let policy = ResidencyPolicy(spec)
        #expect(policy.isPinned)
        switch seconds {
        case .some(1.5): #expect(policy.idleAfter == .milliseconds(1500))
        case .some(-1): #expect(policy.idleAfter == .zero)
        case .some(Double.infinity): #expect(policy.idleAfter == .seconds(3_200_000_000))
        default: #expect(policy.idleAfter == nil)
        }
    }
}
