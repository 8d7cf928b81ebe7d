// SPDX-License-Identifier: Apache-2.0

import SlipwayMonitoring
import Testing

@Suite struct ResourceFilesTests {
    @Test("memory is told by kind")
    func memory() throws {
        let text = "Name:\tslipway\nVmSize:\t  2048 kB\nRssAnon:\t 100 kB\nRssFile:\t 50 kB\nRssShmem:\t 1 kB\n"
        let memory = try #require(MemoryUse(parsing: text))
        #expect(memory.virtual == 2048 << 10)
        #expect(memory.anonymous == 100 << 10)
        #expect(memory.mapped == 50 << 10)
        #expect(memory.shared == 1 << 10)
        #expect(MemoryUse(parsing: "VmSize: \(Int.max) kB\nRssAnon: 1 kB\nRssFile: 1 kB") == nil)
        #expect(MemoryUse(parsing: "") == nil)
    }

    @Test("the allocator's sums are the last of the document")
    func arena() throws {
        let text = """
            <malloc version="1">
            <heap nr="0">
            <total type="rest" count="1" size="5"/>
            <system type="current" size="100"/>
            </heap>
            <total type="fast" count="2" size="30"/>
            <total type="rest" count="3" size="40"/>
            <total type="mmap" count="1" size="1000"/>
            <system type="current" size="200"/>
            <system type="max" size="300"/>
            </malloc>
            """
        let arena = try #require(ArenaUse(parsing: text))
        #expect(arena.held == 1200)
        #expect(arena.free == 70)
        #expect(ArenaUse(parsing: "<system type=\"current\" size=\"-1\"/>") == nil)
        #expect(ArenaUse(parsing: "<system type=\"current\" size") == nil)
    }

    @Test("this process has memory, and an arena no larger than its address space")
    func current() throws {
        let memory = try #require(MemoryUse.current())
        #expect(memory.anonymous > 0)
        if let arena = ArenaUse.current() { #expect(arena.held <= memory.virtual) }
    }

    @Test("bytes of the disks are told apart from what was asked for")
    func disk() throws {
        let use = try #require(DiskUse(parsing: "rchar: 9\nwchar: 9\nread_bytes: 4096\nwrite_bytes: 8192\n"))
        #expect(use.read == 4096)
        #expect(use.written == 8192)
        #expect(DiskUse(parsing: "read_bytes: x") == nil)
    }

    @Test("version 2 of control groups tells limits and throttling")
    func unified() {
        let files = [
            "/proc/self/cgroup": "0::/serve\n",
            "/sys/fs/cgroup/serve/cpu.stat": "usage_usec 5\nnr_periods 10\nnr_throttled 4\nthrottled_usec 2500000\n",
            "/sys/fs/cgroup/serve/cpu.max": "150000 100000\n", "/sys/fs/cgroup/serve/memory.current": "1000\n",
            "/sys/fs/cgroup/serve/memory.max": "max\n",
        ]
        let group = ControlGroup { files[$0] }
        #expect(group.periods == 10)
        #expect(group.throttledPeriods == 4)
        #expect(group.throttledSeconds == 2.5)
        #expect(group.cores == 1.5)
        #expect(group.memoryUsed == 1000)
        #expect(group.memoryLimit == nil)
    }

    @Test("in a container whose path is the host's, the root is the group")
    func container() {
        let files = [
            "/proc/self/cgroup": "0::/../../kubepods/pod1\n", "/sys/fs/cgroup/cpu.stat": "nr_periods 3\n",
            "/sys/fs/cgroup/cpu.max": "max 100000\n",
        ]
        let group = ControlGroup { files[$0] }
        #expect(group.periods == 3)
        #expect(group.cores == nil)
    }

    @Test("version 1 tells the same in other files")
    func legacy() {
        let files = [
            "/proc/self/cgroup": "4:memory:/box\n3:cpu,cpuacct:/box\n",
            "/sys/fs/cgroup/cpu/box/cpu.stat": "nr_periods 7\nnr_throttled 1\nthrottled_time 500000000\n",
            "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "50000\n", "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
            "/sys/fs/cgroup/memory/box/memory.limit_in_bytes": "9223372036854771712\n",
        ]
        let group = ControlGroup { files[$0] }
        #expect(group.periods == 7)
        #expect(group.throttledSeconds == 0.5)
        #expect(group.cores == 0.5)
        #expect(group.memoryLimit == nil)
        #expect(ControlGroup { _ in nil }.periods == nil)
    }

    @Test("graphics memory is told where the driver has files for it")
    func graphics() throws {
        let folder = "/sys/class/drm/card1/device/"
        let files = [folder + "mem_info_vram_used": "10\n", folder + "mem_info_vram_total": "20\n"]
        let device = try #require(GraphicsMemory.all { files[$0] }.first)
        #expect(device.device == "card1")
        #expect(device.used == 10)
        #expect(device.total == 20)
    }
}
