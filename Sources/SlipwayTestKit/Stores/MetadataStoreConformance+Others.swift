// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayRegistry
import SlipwaySecurity
import Testing

extension MetadataStoreConformance {
    static let replicasAndKeys: [Behaviour] = [
        Behaviour("keeps the latest report of each replica, by start") { subject in
            let store = subject.store
            try await store.report(SampleRows.replica("b", startedAt: 2))
            try await store.report(SampleRows.replica("c", startedAt: 1))
            let latest = SampleRows.replica("b", startedAt: 2, reportedAt: 9000)
            try await store.report(latest)
            #expect(try await store.replicas() == [SampleRows.replica("c", startedAt: 1), latest])
            try await store.removeReplica("c")
            try await store.removeReplica("c")
            #expect(try await store.replicas() == [latest])
        },
        Behaviour("keeps keys with every field, by their age") { subject in
            let store = subject.store
            let keys = [SampleRows.key("k2", createdAt: 1, expiresAt: 5), SampleRows.key("k1", createdAt: 2)]
            for key in keys.reversed() { try await store.addKey(key) }
            #expect(try await store.keys() == keys)
            #expect(try await store.key(id: "k2") == keys[0])
            #expect(try await store.key(id: "k3") == nil)
            await expect(.conflict) { try await store.addKey(keys[0]) }
            try await store.removeKey(id: "k2")
            #expect(try await store.keys() == [keys[1]])
            await expect(.notFound) { try await store.removeKey(id: "k2") }
        },
    ]

    static let wholeStore: [Behaviour] = [
        Behaviour("announces changes of versions, aliases and endpoints to every listener") { subject in
            let store = subject.store
            let id = VersionID(model: "m", number: 1)
            let changes: [@Sendable () async throws -> Void] = [
                { _ = try await store.register(SampleRows.draft("m"), alias: nil) },
                { try await store.setAlias("champion", of: "m", to: 1) },
                {
                    _ = try await store.appendRevision(
                        of: "e", spec: EndpointSpec(primary: id), reason: "deploy", expected: nil)
                },
                { _ = try await store.appendRevision(of: "e", spec: nil, reason: "undeploy", expected: nil) },
                { try await store.delete(id) },
            ]
            var listeners = [store.changes().makeAsyncIterator(), store.changes().makeAsyncIterator()]
            for change in changes {
                try await change()
                for index in listeners.indices { #expect(await listeners[index].next() != nil) }
            }
        },
        Behaviour("ends its announcements and refuses calls when it is closed") { subject in
            var changes = subject.store.changes().makeAsyncIterator()
            await subject.store.close()
            while await changes.next() != nil {}
            await expect(.storeUnavailable) { _ = try await subject.store.models() }
            await expect(.storeUnavailable) { try await subject.store.report(SampleRows.replica("a")) }
            var later = subject.store.changes().makeAsyncIterator()
            #expect(await later.next() == nil)
        },
        Behaviour("finds nothing wrong with what it wrote itself") { subject in
            _ = try await subject.store.register(SampleRows.draft("m"), alias: "champion")
            _ = try await subject.store.appendRevision(
                of: "e", spec: EndpointSpec(primary: VersionID(model: "m", number: 1)), reason: "deploy",
                expected: nil)
            #expect(try await subject.store.integrityProblems() == [])
        },
        Behaviour("backs up to a new file and never over an old one") { subject in
            _ = try await subject.store.register(SampleRows.draft("m"), alias: nil)
            let folder = try TemporaryFolder()
            try await subject.store.backUp(to: folder.path + "/backup")
            let copy = try TemporaryFolder.contents(of: folder.path + "/backup")
            #expect(!copy.isEmpty)
            await expect(.conflict) { try await subject.store.backUp(to: folder.path + "/backup") }
            #expect(try PosixFolder.names(in: folder.path) == ["backup"])
        },
    ]
}
