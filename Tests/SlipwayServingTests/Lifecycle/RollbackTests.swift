// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayServing
import SlipwayTestKit
import Testing

@Suite("Going back to an earlier version", .timeLimit(.minutes(2)))
struct RollbackTests {
    private static func windowed(_ spec: inout EndpointSpec) { spec.lifecycle.rollbackWindowSeconds = 600 }

    @Test("within the window loads nothing, and status says that it takes no time")
    func within() async throws {
        let rig = ServingRig()
        await rig.serve(1, Self.windowed)
        await rig.serve(2, Self.windowed)
        #expect(rig.status()?.notes.contains("rollback to m:1: at once") == true)
        #expect(rig.status()?.versions.map(\.route) == ["primary", "standby"])
        rig.service.tick(now: .now + .seconds(500))
        let calls = rig.engine.tally.counts.calls
        rig.service.apply([ServingRig.assignment(1, revision: 3, Self.windowed)])
        #expect(try await rig.ask(ServingRig.request([5])) == [6])
        #expect(rig.engine.tally.counts.loaded == 2)
        #expect(rig.engine.tally.counts.calls == calls + 1)
    }

    @Test("after the window the old version is gone, and status says how long it would take")
    func after() async throws {
        let rig = ServingRig()
        await rig.serve(1, Self.windowed)
        await rig.serve(2, Self.windowed)
        rig.service.tick(now: .now + .seconds(601))
        await rig.until { rig.engine.tally.counts.alive == 1 }
        await rig.until { rig.status()?.versions.count == 1 }
        #expect(rig.status()?.notes.contains { $0.hasPrefix("rollback to m:1: loads in about ") } == true)
        await rig.serve(1, revision: 3, Self.windowed)
        #expect(rig.engine.tally.counts.loaded == 3)
    }

    @Test("versions that are gone are not shown and not kept, however many there were")
    func forgotten() async throws {
        let rig = ServingRig()
        for number in 1...20 { await rig.serve(number) }
        await rig.until { rig.engine.tally.counts.alive == 1 }
        await rig.until { rig.status()?.versions.map(\.version.number) == [20] }
    }
}
