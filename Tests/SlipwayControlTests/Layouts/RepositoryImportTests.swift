// SPDX-License-Identifier: Apache-2.0

import SlipwayControl
import SlipwayCore
import SlipwayRegistry
import SlipwayTestKit
import SlipwayWire
import Testing

@Suite("Import of folders of other servers")
struct RepositoryImportTests {
    private let home: TestHome
    private let tree: LayoutTree

    init() throws {
        home = try TestHome()
        tree = try LayoutTree()
    }

    private func importTree(deploys: Bool = true) async throws -> LayoutReport {
        let models = try TritonRepository.scan(tree.path)
        let importer = RepositoryImport(admin: home.control, deploys: deploys, allowsSignatureChange: false)
        return await importer.run(models) { _ in }
    }

    @Test("keeps the numbers of folders that count from 1, and serves what the policy says")
    func coinciding() async throws {
        try tree.write(
            "m/config.pbtxt", "max_batch_size: 8 version_policy { latest { num_versions: 2 } } dynamic_batching { }")
        for number in 1...3 { try tree.write("m/\(number)/model.onnx", LayoutTree.model("n\(number)")) }
        let progress = Collected<Double>()
        let models = try TritonRepository.scan(tree.path)
        let importer = RepositoryImport(admin: home.control, deploys: true, allowsSignatureChange: false)
        let report = await importer.run(models) { progress.add($0) }
        #expect(report.isComplete)
        let model = try #require(report.models.first)
        #expect(model.versions.map(\.version) == [1, 2, 3])
        #expect(model.versions.map(\.isServed) == [false, true, true])
        #expect(model.versions.allSatisfy { $0.isNew && $0.alias == nil })
        #expect(model.settings == ["batching.enabled: true", "batching.max_batch: 8"])
        let spec = try #require(model.endpoint?.revision.spec)
        #expect(spec.primary.number == 3)
        #expect(spec.canaries == [Canary(version: VersionID(model: "m", number: 2), share: .none)])
        #expect(spec.batching.maximumRows == 8)
        #expect(progress.values.allSatisfy { (0...1).contains($0) })
        #expect(progress.values == progress.values.sorted())
    }

    @Test("the same folders again change nothing")
    func again() async throws {
        try tree.write("m/config.pbtxt", "instance_group { count: 2 }")
        for number in 1...2 { try tree.write("m/\(number)/model.onnx", LayoutTree.model("n\(number)")) }
        _ = try await importTree()
        let before = try await home.contents()
        let report = try await importTree()
        #expect(report.isComplete)
        #expect(report.models.first?.versions.map(\.isNew) == [false, false])
        #expect(report.models.first?.endpoint?.revision.number == 1)
        #expect(try await home.contents() == before)
    }

    @Test("tells where numbers differ, and keeps the folder's number as an alias")
    func differing() async throws {
        for number in [2, 5] { try tree.write("m/\(number)/model.onnx", LayoutTree.model("n\(number)")) }
        let model = try #require(try await importTree(deploys: false).models.first)
        #expect(model.versions.map(\.folder) == [2, 5])
        #expect(model.versions.map(\.version) == [1, 2])
        #expect(model.versions.map(\.alias) == ["folder-2", "folder-5"])
        #expect(model.notes == ["numbers differ here, so that requests for /versions/N must change: 2 is 1, 5 is 2"])
        #expect(model.endpoint == nil)
        let aliases = try await home.control.model("m").aliases
        #expect(aliases == [AliasDTO(alias: "folder-2", version: 1), AliasDTO(alias: "folder-5", version: 2)])
    }

    @Test("one model that fails keeps no other from being imported")
    func partial() async throws {
        try tree.write("bad/config.pbtxt", "input { name: 'x' data_type: TYPE_INT64 dims: [-1, -1] }")
        try tree.write("bad/1/model.onnx", LayoutTree.model())
        try tree.write("broken/1/model.onnx", "no model")
        try tree.write("ensemble/config.pbtxt", "platform: 'ensemble' ensemble_scheduling { }")
        try tree.write("good/1/model.onnx", LayoutTree.model())
        let report = try await importTree()
        #expect(!report.isComplete)
        let errors = report.models.reduce(into: [String: String]()) { $0[$1.name] = $1.errors.first }
        #expect(errors["bad"]?.contains("contradicts config.pbtxt: input 'x' is INT64") == true)
        #expect(errors["broken"]?.hasPrefix("version 1: ") == true)
        #expect(errors["ensemble"]?.contains("not mapped yet") == true)
        #expect(errors["good"] == nil)
        #expect(try await home.store.models() == ["good"])
        #expect(try await home.control.endpoints().map(\.name) == ["good"])
    }

    @Test("an old version that fails is left out; one that is to be served keeps its model from being deployed")
    func brokenVersion() async throws {
        try tree.write("old/1/model.onnx", "no model")
        try tree.write("old/2/model.onnx", LayoutTree.model())
        try tree.write("new/1/model.onnx", LayoutTree.model())
        try tree.write("new/2/model.onnx", "no model")
        let report = try await importTree()
        let old = try #require(report.models.first { $0.name == "old" })
        #expect(old.errors == [])
        #expect(old.notes.first?.contains("is left out") == true)
        #expect(old.endpoint?.revision.version?.number == 1)
        let new = try #require(report.models.first { $0.name == "new" })
        #expect(new.errors.count == 1)
        #expect(new.endpoint == nil)
        #expect(try await home.control.model("new").versions.map(\.version) == [1])
    }

    @Test("class names of a label file come with the version")
    func labels() async throws {
        try tree.write(
            "m/config.pbtxt", "output { name: 'y' data_type: TYPE_FP32 dims: [-1, -1] label_filename: 'l.txt' }")
        try tree.write("m/l.txt", "cat\r\ndog\nowl\n")
        try tree.write("m/1/model.onnx", LayoutTree.model())
        #expect(try await importTree().isComplete)
        let version = try await home.control.version(ModelReference(name: "m", selector: .newest))
        #expect(version.metadata["labels.y"] == "cat\ndog\nowl")
    }

    @Test("labels of TensorFlow Serving become aliases")
    func versionLabels() async throws {
        for number in [100, 200] { try tree.write("m/\(number)/model.onnx", LayoutTree.model("n\(number)")) }
        let path = try tree.write(
            "models.config",
            """
            model_config_list { config { name: "m" base_path: "\(tree.path)/m" model_version_policy { all { } }
              version_labels { key: "stable" value: 100 } version_labels { key: "canary" value: 200 } } }
            """)
        let importer = RepositoryImport(admin: home.control, deploys: true, allowsSignatureChange: false)
        let report = await importer.run(try TensorFlowServingConfig.scan(file: path)) { _ in }
        #expect(report.isComplete)
        #expect(report.models.first?.labels == ["stable": 1, "canary": 2])
        let version = try await home.control.version(ModelReference(name: "m", selector: .alias("stable")))
        #expect(version.version == 1)
        let spec = report.models.first?.endpoint?.revision.spec
        #expect(spec?.primary.number == 2)
        #expect(spec?.canaries.map(\.version.number) == [1])
    }

    @Test("versions whose callers differ are deployed together only where that is accepted", arguments: [false, true])
    func signatureChange(isAllowed: Bool) async throws {
        try tree.write("m/config.pbtxt", "version_policy { all { } }")
        try tree.write("m/1/model.onnx", LayoutTree.model())
        try tree.write("m/2/model.onnx", LayoutTree.model("n", .int64))
        let importer = RepositoryImport(admin: home.control, deploys: true, allowsSignatureChange: isAllowed)
        let report = await importer.run(try TritonRepository.scan(tree.path)) { _ in }
        #expect(report.isComplete == isAllowed)
        #expect(report.models.first?.errors.first?.contains("would break") == (isAllowed ? nil : true))
    }
}
