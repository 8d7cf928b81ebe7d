// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayRegistry
import SlipwaySecurity
import Testing

extension MetadataStoreConformance {
    static let versions: [Behaviour] = [
        Behaviour("is empty at first") { subject in
            let store = subject.store
            let models = try await store.models()
            #expect(models.isEmpty)
            #expect(try await store.versions(of: "fraud").isEmpty)
            #expect(try await store.version(VersionID(model: "fraud", number: 1)) == nil)
            #expect(try await store.aliases(of: "fraud").isEmpty)
            #expect(try await store.aliasHistory(of: "fraud").isEmpty)
            #expect(try await store.currentRevisions().isEmpty)
            #expect(try await store.revisions(of: "fraud").isEmpty)
            #expect(try await store.referencedBlobs().isEmpty)
            #expect(try await store.replicas().isEmpty)
            #expect(try await store.keys().isEmpty)
        },
        Behaviour("gives back every field of a version") { subject in
            let draft = SampleRows.draft("fraud")
            let record = try await subject.store.register(draft, alias: nil)
            #expect(record.id == VersionID(model: "fraud", number: 1))
            #expect(record.createdAt == subject.clock.now)
            #expect(record.draft == draft)
            #expect(try await subject.store.version(record.id) == record)
            #expect(try await subject.store.versions(of: "fraud") == [record])
        },
        Behaviour("numbers the versions of each model by themselves") { subject in
            for (model, content, number) in [("b", "x", 1), ("a", "x", 1), ("b", "y", 2), ("b", "z", 3)] {
                let record = try await subject.store.register(SampleRows.draft(model, content: content), alias: nil)
                #expect(record.id == VersionID(model: model, number: number))
            }
            #expect(try await subject.store.models() == ["a", "b"])
            #expect(try await subject.store.versions(of: "b").map(\.id.number) == [1, 2, 3])
        },
        Behaviour("returns the same record when a bundle is registered again") { subject in
            let first = try await subject.store.register(SampleRows.draft("fraud"), alias: "champion")
            subject.clock.advance(milliseconds: 10)
            let again = try await subject.store.register(SampleRows.draft("fraud"), alias: "best")
            #expect(again == first)
            #expect(try await subject.store.versions(of: "fraud") == [first])
            #expect(try await subject.store.aliases(of: "fraud").map(\.alias) == ["best", "champion"])
        },
        Behaviour("registers equal bundles once, however many do it at the same time") { subject in
            let numbers = try await withThrowingTaskGroup(of: Int.self) { group in
                for index in 0..<24 {
                    group.addTask {
                        let draft = SampleRows.draft("fraud", content: "content \(index % 4)")
                        return try await subject.store.register(draft, alias: nil).id.number
                    }
                }
                return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
            }
            #expect(numbers == [1, 2, 3, 4])
            #expect(try await subject.store.versions(of: "fraud").count == 4)
        },
        Behaviour("refuses a draft that breaks a rule and keeps nothing of it") { subject in
            let good = SampleRows.draft("fraud")
            let drafts = [
                draft(good, model: "a/b"), draft(good, digest: good.files[0].digest), draft(good, primaryPath: "other"),
                draft(good, files: []),
            ]
            for draft in drafts {
                await expect(.invalid) { _ = try await subject.store.register(draft, alias: nil) }
            }
            await expect(.invalid) { _ = try await subject.store.register(good, alias: "not:good") }
            let models = try await subject.store.models()
            #expect(models.isEmpty)
        },
        Behaviour("never gives a number twice") { subject in
            let store = subject.store
            for content in ["1", "2"] {
                _ = try await store.register(SampleRows.draft("m", content: content), alias: nil)
            }
            try await store.delete(VersionID(model: "m", number: 2))
            #expect(try await store.register(SampleRows.draft("m", content: "3"), alias: nil).id.number == 3)
            try await store.delete(VersionID(model: "m", number: 1))
            try await store.delete(VersionID(model: "m", number: 3))
            #expect(try await store.models().isEmpty)
            #expect(try await store.register(SampleRows.draft("m", content: "1"), alias: nil).id.number == 4)
        },
        Behaviour("refuses to delete what is not there") { subject in
            await expect(.notFound) { try await subject.store.delete(VersionID(model: "m", number: 1)) }
            _ = try await subject.store.register(SampleRows.draft("m"), alias: nil)
            await expect(.notFound) { try await subject.store.delete(VersionID(model: "m", number: 2)) }
        },
        Behaviour("refers to the blobs of the versions there are") { subject in
            let one = SampleRows.draft("a", content: "1")
            let two = SampleRows.draft("b", content: "2")
            for draft in [one, two] { _ = try await subject.store.register(draft, alias: nil) }
            #expect(try await subject.store.referencedBlobs() == Set((one.files + two.files).map(\.digest)))
            try await subject.store.delete(VersionID(model: "a", number: 1))
            #expect(try await subject.store.referencedBlobs() == Set(two.files.map(\.digest)))
        },
        Behaviour("keeps versions in order of time though the clock steps back") { subject in
            let first = try await subject.store.register(SampleRows.draft("m", content: "1"), alias: nil)
            subject.clock.advance(milliseconds: -5000)
            let second = try await subject.store.register(SampleRows.draft("m", content: "2"), alias: nil)
            #expect(second.createdAt == first.createdAt)
        },
    ]

    private static func draft(
        _ draft: VersionDraft, model: String? = nil, digest: Digest? = nil, files: [BundleFile]? = nil,
        primaryPath: String? = nil
    ) -> VersionDraft {
        VersionDraft(
            model: model ?? draft.model, digest: digest ?? draft.digest, format: draft.format, engine: draft.engine,
            signature: draft.signature, files: files ?? draft.files, primaryPath: primaryPath ?? draft.primaryPath,
            lineage: draft.lineage, metadata: draft.metadata)
    }
}
