// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayMonitoring
import SlipwayRegistry
import SlipwayStorage
import SlipwayTestKit
import Testing

@Suite("What monitoring keeps")
struct MonitoringStoreTests {
    @Test("in memory does what a monitoring store must do", arguments: MonitoringStoreConformance.behaviours)
    func inMemory(behaviour: MonitoringStoreConformance.Behaviour) async throws {
        try await behaviour.check(InMemoryMonitoringStore())
    }

    @Test("in SQLite does what a monitoring store must do", arguments: MonitoringStoreConformance.behaviours)
    func sqlite(behaviour: MonitoringStoreConformance.Behaviour) async throws {
        let folder = try TemporaryFolder()
        let store = try await SQLiteMonitoringStore.open(path: HomeLayout(root: folder.path).monitoringDatabase)
        try await behaviour.check(store)
        await store.close()
    }

    @Test("is there after a restart, and shared by two processes")
    func restart() async throws {
        let folder = try TemporaryFolder()
        let path = HomeLayout(root: folder.path).monitoringDatabase
        let first = try await SQLiteMonitoringStore.open(path: path)
        let second = try await SQLiteMonitoringStore.open(path: path)
        try await first.save([MonitoringStoreConformance.window("a", from: 0, to: 10)])
        #expect(try await second.windows(of: "e", since: MonitoringStoreConformance.at(0)).count == 1)
        #expect(
            try await first.acquireLease(
                "guards", holder: "a", now: MonitoringStoreConformance.at(0), duration: .seconds(10)))
        #expect(
            try await !second.acquireLease(
                "guards", holder: "b", now: MonitoringStoreConformance.at(1), duration: .seconds(10)))
        await first.close()
        await second.close()
        let third = try await SQLiteMonitoringStore.open(path: path)
        #expect(try await third.windows(of: "e", since: MonitoringStoreConformance.at(0)).count == 1)
        await third.close()
    }

    @Test("is backed up into one whole file that can be opened, and none is written over")
    func backup() async throws {
        let folder = try TemporaryFolder()
        let store = try await SQLiteMonitoringStore.open(path: HomeLayout(root: folder.path).monitoringDatabase)
        try await store.save([MonitoringStoreConformance.alert("before")])
        let path = folder.path + "/copy.db"
        try await store.backUp(to: path)
        try await store.save([MonitoringStoreConformance.alert("after")])
        #expect(try PosixFolder.names(in: folder.path).filter { $0.hasPrefix("copy") } == ["copy.db"])
        let copy = try await SQLiteMonitoringStore.open(path: path)
        #expect(try await copy.alerts(of: nil, state: nil, limit: 10).map(\.rule) == ["before"])
        await copy.close()
        let error = await #expect(throws: RegistryError.self) { try await store.backUp(to: path) }
        #expect(error?.code == .conflict)
        await store.close()
    }

    @Test("refuses calls after it was closed")
    func closed() async throws {
        let folder = try TemporaryFolder()
        let store = try await SQLiteMonitoringStore.open(path: HomeLayout(root: folder.path).monitoringDatabase)
        await store.close()
        let error = await #expect(throws: RegistryError.self) { _ = try await store.silences() }
        #expect(error?.code == .storeUnavailable)
    }

    @Test("that is no database is refused with what to do")
    func noDatabase() async throws {
        let folder = try TemporaryFolder()
        let path = try folder.file("monitoring.db", Array(repeating: 0x41, count: 8192))
        let error = await #expect(throws: RegistryError.self) { _ = try await SQLiteMonitoringStore.open(path: path) }
        #expect(error?.code == .corrupt)
        #expect(error?.message.contains("move it away") == true)
    }
}
