// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayRegistry
import Testing

extension MetadataStoreConformance {
    static let aliases: [Behaviour] = [
        Behaviour("remembers every move of an alias") { subject in
            let (store, clock) = (subject.store, subject.clock)
            _ = try await store.register(SampleRows.draft("m", content: "1"), alias: "champion")
            let start = clock.now
            clock.advance(milliseconds: 10)
            _ = try await store.register(SampleRows.draft("m", content: "2"), alias: "champion")
            clock.advance(milliseconds: 10)
            try await store.setAlias("champion", of: "m", to: 1)
            clock.advance(milliseconds: 10)
            try await store.setAlias("champion", of: "m", to: nil)
            let moves = try await store.aliasHistory(of: "m")
            #expect(moves.map(\.from) == [nil, 1, 2, 1])
            #expect(moves.map(\.to) == [1, 2, 1, nil])
            #expect(moves.map { $0.at.milliseconds - start.milliseconds } == [0, 10, 20, 30])
            #expect(moves.allSatisfy { $0.model == "m" && $0.alias == "champion" })
            #expect(try await store.aliases(of: "m").isEmpty)
        },
        Behaviour("records nothing when an alias stays where it is") { subject in
            _ = try await subject.store.register(SampleRows.draft("m"), alias: "champion")
            try await subject.store.setAlias("champion", of: "m", to: 1)
            #expect(try await subject.store.aliasHistory(of: "m").count == 1)
        },
        Behaviour("keeps aliases of different models apart, sorted by name") { subject in
            for model in ["a", "b"] { _ = try await subject.store.register(SampleRows.draft(model), alias: "z") }
            try await subject.store.setAlias("c", of: "a", to: 1)
            let expected = ["c", "z"].map { AliasRecord(model: "a", alias: $0, version: 1) }
            #expect(try await subject.store.aliases(of: "a") == expected)
            #expect(try await subject.store.aliases(of: "b").map(\.alias) == ["z"])
        },
        Behaviour("refuses an alias for a version that is not there, and a bad name") { subject in
            _ = try await subject.store.register(SampleRows.draft("m"), alias: nil)
            await expect(.notFound) { try await subject.store.setAlias("champion", of: "m", to: 2) }
            await expect(.notFound) { try await subject.store.setAlias("champion", of: "other", to: 1) }
            await expect(.notFound) { try await subject.store.setAlias("champion", of: "m", to: nil) }
            await expect(.invalid) { try await subject.store.setAlias("a@b", of: "m", to: 1) }
            #expect(try await subject.store.aliasHistory(of: "m").isEmpty)
        },
        Behaviour("removes a version's aliases with it and records that") { subject in
            let store = subject.store
            _ = try await store.register(SampleRows.draft("m", content: "1"), alias: "old")
            _ = try await store.register(SampleRows.draft("m", content: "2"), alias: "champion")
            try await store.delete(VersionID(model: "m", number: 1))
            #expect(try await store.aliases(of: "m") == [AliasRecord(model: "m", alias: "champion", version: 2)])
            let last = try #require(try await store.aliasHistory(of: "m").last)
            #expect(last.alias == "old" && last.from == 1 && last.to == nil)
        },
    ]
}
