// SPDX-License-Identifier: Apache-2.0

import SlipwayEngine
import Testing

@Suite("Core budget")
struct CoreBudgetTests {
    @Test(
        "reads version 2 quotas",
        arguments: [
            ("max 100000\n", nil), ("150000 100000\n", 1.5), ("50000 100000", 0.5), ("", nil), ("100000", nil),
            ("-5 100000", nil), ("100000 0", nil), ("99999999999999999999 100000", nil), ("a b", nil),
        ] as [(String, Double?)])
    func cpuMax(text: String, expected: Double?) {
        #expect(CPUQuota.parse(cpuMax: text)?.processors == expected)
    }

    @Test(
        "reads version 1 quotas",
        arguments: [
            ("-1\n", "100000\n", nil), ("250000\n", "100000\n", 2.5), ("0", "100000", nil), ("1", "", nil),
        ] as [(String, String, Double?)])
    func quotaAndPeriod(quota: String, period: String, expected: Double?) {
        #expect(CPUQuota.parse(quota: quota, period: period)?.processors == expected)
    }

    @Test(
        "is the smallest limit rounded down, and never nothing",
        arguments: [
            (8, [], 8), (8, [2.9], 2), (8, [0.5], 1), (2, [16], 2), (8, [4, 3.2], 3), (0, [], 1), (4, [1e300], 4),
        ] as [(Int, [Double], Int)])
    func budget(affinity: Int, quotas: [Double], expected: Int) {
        #expect(CoreBudget(affinity: affinity, quotas: quotas.map { CPUQuota(processors: $0) }).cores == expected)
    }

    @Test(
        "counts the processors of the kernel's list",
        arguments: [
            ("0", 1), ("0-3", 4), ("0-3,8,10-11", 7), ("", nil), ("3-1", nil), ("a", nil), ("0-3,", nil),
            ("1-2-3", nil), ("99999999999", nil),
        ] as [(String, Int?)])
    func affinityList(list: String, expected: Int?) {
        #expect(AffinityList.count(list: list) == expected)
        #expect(AffinityList.count(status: "Name:\tx\nCpus_allowed_list:\t\(list)\nEnd:\t1\n") == expected)
    }

    @Test("finds a process's control groups and all above them")
    func controlGroups() {
        let both = ControlGroupPaths.parse("12:memory:/m\n4:cpu,cpuacct:/a/b\n0::/x/y/z\nnonsense\n")
        #expect(both.memory == "/m")
        #expect(both.cpu == "/a/b")
        #expect(both.unified == "/x/y/z")
        #expect(ControlGroupPaths.parse("").unified == nil)
        #expect(ControlGroupPaths.ancestors(of: "/x/y") == ["/x/y", "/x", ""])
        #expect(ControlGroupPaths.ancestors(of: "/../../etc") == ["/etc", ""])
        #expect(ControlGroupPaths.ancestors(of: "/") == [""])
    }

    @Test("of this machine is at least one")
    func current() {
        #expect(CoreBudget.current().cores >= 1)
    }

    @Test(
        "is shared out so that lanes and their threads fit into it",
        arguments: [
            (1, nil, nil, 1, 1, 1), (2, nil, nil, 2, 2, 1), (16, nil, nil, 8, 16, 1), (16, 2, nil, 8, 2, 8),
            (8, nil, 4, 4, 2, 4), (8, nil, 99, 4, 1, 8), (4, 3, nil, 2, 3, 1), (4, 8, 4, 2, 8, 4), (4, 0, 0, 2, 1, 1),
            (64, nil, nil, 8, 64, 1),
        ] as [(Int, Int?, Int?, Int, Int, Int)])
    func division(cores: Int, lanes: Int?, threads: Int?, eventLoops: Int, gotLanes: Int, gotThreads: Int) {
        let division = CoreDivision(of: CoreBudget(cores: cores), lanes: lanes, threadsPerCall: threads)
        #expect(division.eventLoops == eventLoops)
        #expect(division.lanes == gotLanes)
        #expect(division.threadsPerCall == gotThreads)
    }
}
