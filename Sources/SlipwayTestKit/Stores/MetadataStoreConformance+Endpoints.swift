// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayRegistry
import Testing

extension MetadataStoreConformance {
    private static let one = VersionID(model: "m", number: 1)
    private static let two = VersionID(model: "m", number: 2)

    private static func prepare(_ subject: Subject) async throws {
        for content in ["1", "2"] {
            _ = try await subject.store.register(SampleRows.draft("m", content: content), alias: nil)
        }
    }

    static let endpoints: [Behaviour] = [
        Behaviour("gives back every field of a revision") { subject in
            try await prepare(subject)
            let spec = SampleRows.spec(primary: one, other: two)
            let made = try await subject.store.appendRevision(of: "e", spec: spec, reason: "deploy", expected: nil)
            let expected = EndpointRevision(
                endpoint: "e", number: 1, spec: spec, createdAt: subject.clock.now, reason: "deploy")
            #expect(made == expected)
            #expect(try await subject.store.revisions(of: "e") == [expected])
            #expect(try await subject.store.currentRevisions() == [expected])
        },
        Behaviour("numbers each endpoint's revisions by themselves and shows the current ones by name") { subject in
            try await prepare(subject)
            for endpoint in ["b", "a", "b"] {
                _ = try await subject.store.appendRevision(
                    of: endpoint, spec: EndpointSpec(primary: one), reason: "deploy", expected: nil)
            }
            _ = try await subject.store.appendRevision(of: "b", spec: nil, reason: "undeploy", expected: nil)
            #expect(try await subject.store.revisions(of: "b").map(\.number) == [1, 2, 3])
            let current = try await subject.store.currentRevisions()
            #expect(current.map(\.endpoint) == ["a", "b"])
            #expect(current.map(\.number) == [1, 3])
            #expect(current.map { $0.spec == nil } == [false, true])
        },
        Behaviour("refuses a revision that expects another state") { subject in
            try await prepare(subject)
            let append = { (expected: Int?) in
                _ = try await subject.store.appendRevision(
                    of: "e", spec: EndpointSpec(primary: one), reason: "deploy", expected: expected)
            }
            await expect(.conflict) { try await append(1) }
            try await append(0)
            await expect(.conflict) { try await append(0) }
            try await append(1)
            #expect(try await subject.store.revisions(of: "e").count == 2)
        },
        Behaviour("lets one of many win who expect the same state") { subject in
            try await prepare(subject)
            let wins = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<16 {
                    group.addTask {
                        let made = try? await subject.store.appendRevision(
                            of: "e", spec: EndpointSpec(primary: one), reason: "deploy", expected: 0)
                        return made != nil
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(wins == 1)
        },
        Behaviour("refuses what cannot be deployed") { subject in
            await expect(.notFound) {
                _ = try await subject.store.appendRevision(
                    of: "e", spec: EndpointSpec(primary: one), reason: "deploy", expected: nil)
            }
            await expect(.notFound) {
                _ = try await subject.store.appendRevision(of: "e", spec: nil, reason: "undeploy", expected: nil)
            }
            try await prepare(subject)
            await expect(.invalid) {
                _ = try await subject.store.appendRevision(
                    of: "a/b", spec: EndpointSpec(primary: one), reason: "deploy", expected: nil)
            }
            #expect(try await subject.store.currentRevisions().isEmpty)
        },
        Behaviour("protects a version that is deployed, and no longer than that") { subject in
            try await prepare(subject)
            for id in [one, two] {
                _ = try await subject.store.appendRevision(
                    of: "e", spec: EndpointSpec(primary: id), reason: "deploy", expected: nil)
            }
            try await subject.store.delete(one)
            await expect(.inUse) { try await subject.store.delete(two) }
            _ = try await subject.store.appendRevision(of: "e", spec: nil, reason: "undeploy", expected: nil)
            try await subject.store.delete(two)
            #expect(try await subject.store.revisions(of: "e").count == 3)
        },
        Behaviour("refuses a revision of which any version does not exist") { subject in
            try await prepare(subject)
            let absent = VersionID(model: "m", number: 3)
            var canary = EndpointSpec(primary: one)
            canary.canaries = [Canary(version: absent, share: .all)]
            var rule = EndpointSpec(primary: one)
            rule.rules = [HeaderRule(header: "a", value: nil, version: absent)]
            var shadow = EndpointSpec(primary: one)
            shadow.shadows = [Shadow(version: absent)]
            for spec in [EndpointSpec(primary: absent), canary, rule, shadow] {
                await expect(.notFound) {
                    _ = try await subject.store.appendRevision(of: "e", spec: spec, reason: "apply", expected: nil)
                }
            }
            #expect(try await subject.store.currentRevisions().isEmpty)
        },
        Behaviour("protects versions in every role") { subject in
            try await prepare(subject)
            var canary = EndpointSpec(primary: one)
            canary.canaries = [Canary(version: two, share: .none)]
            var rule = EndpointSpec(primary: one)
            rule.rules = [HeaderRule(header: "a", value: nil, version: two)]
            var shadow = EndpointSpec(primary: one)
            shadow.shadows = [Shadow(version: two)]
            for spec in [canary, rule, shadow] {
                _ = try await subject.store.appendRevision(of: "e", spec: spec, reason: "apply", expected: nil)
                await expect(.inUse) { try await subject.store.delete(two) }
            }
            _ = try await subject.store.appendRevision(
                of: "e", spec: EndpointSpec(primary: one), reason: "apply", expected: nil)
            try await subject.store.delete(two)
        },
        Behaviour("keeps revisions in order of time though the clock steps back") { subject in
            try await prepare(subject)
            for _ in 0..<2 {
                _ = try await subject.store.appendRevision(
                    of: "e", spec: EndpointSpec(primary: one), reason: "deploy", expected: nil)
                subject.clock.advance(milliseconds: -5000)
            }
            let times = try await subject.store.revisions(of: "e").map(\.createdAt)
            #expect(times[0] == times[1])
        },
    ]
}
