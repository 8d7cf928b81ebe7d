// SPDX-License-Identifier: Apache-2.0

import SlipwayControl
import SlipwayCore
import SlipwayTestKit
import Testing

@Suite("Folders of other servers")
struct LayoutScanTests {
    @Test("a Triton repository gives its models with the versions that count")
    func triton() throws {
        let tree = try LayoutTree()
        try tree.write("b/config.pbtxt", "name: 'b' version_policy { latest { num_versions: 2 } }")
        for number in ["1", "2", "10", "007", "0", "x1", "99999999999999999999"] {
            try tree.write("b/\(number)/model.onnx", LayoutTree.model())
        }
        try tree.write("b/3", "a file, no folder")
        try tree.write("b/configs/big.pbtxt", "")
        try tree.write("a/1/model.onnx", LayoutTree.model())
        try tree.write("README.md", "no model")
        try tree.write("notes/one.txt", "no model")
        let models = try TritonRepository.scan(tree.path)
        #expect(models.map(\.name) == ["a", "b"])
        #expect(models.compactMap(\.refusal) == [])
        #expect(models[1].versions.map(\.number) == [1, 2, 10])
        #expect(models[1].served == [2, 10])
        #expect(models[0].served == [1])
        #expect(models[0].config == nil)
        #expect(models[1].versions.allSatisfy { $0.problem == nil && $0.path.hasSuffix("/model.onnx") })
        #expect(try TritonRepository.scan(tree.path, only: "a").map(\.name) == ["a"])
        #expect(throws: ControlError.self) { try TritonRepository.scan(tree.path, only: "c") }
    }

    @Test("takes the file that the configuration names, and a folder where the file is one")
    func files() throws {
        let tree = try LayoutTree()
        try tree.write("m/config.pbtxt", "default_model_filename: 'net.onnx'")
        try tree.write("m/1/net.onnx", LayoutTree.model())
        try tree.write("m/1/model.onnx", LayoutTree.model("other"))
        try tree.write("m/2/net.onnx/net.onnx", LayoutTree.model())
        try tree.write("m/3/model.onnx", LayoutTree.model())
        let versions = try TritonRepository.scan(tree.path)[0].versions
        #expect(versions.map { $0.path.hasSuffix("net.onnx") } == [true, true, false])
        #expect(versions[2].problem?.contains("no 'net.onnx'") == true)
    }

    @Test("tells what is wrong with one model and reads the others")
    func broken() throws {
        let tree = try LayoutTree()
        try tree.write("bad/config.pbtxt", "max_batch_sise: 8")
        try tree.write(
            "ensemble/config.pbtxt", "platform: 'ensemble' ensemble_scheduling { step { model_name: 'good' } }")
        try tree.write("ensemble/1/keep", "")
        try tree.write("renamed/config.pbtxt", "name: 'other'")
        try tree.write("empty/config.pbtxt", "name: 'empty'")
        try tree.write("gone/config.pbtxt", "version_policy { specific { versions: [1, 4] } }")
        try tree.write("gone/1/model.onnx", LayoutTree.model())
        try tree.write("labels/config.pbtxt", "output { name: 'y' label_filename: 'none.txt' }")
        try tree.write("labels/1/model.onnx", LayoutTree.model())
        try tree.write("a:b/1/model.onnx", LayoutTree.model())
        try tree.write("plan/1/model.plan", "")
        try tree.write("good/1/model.onnx", LayoutTree.model())
        let models = try TritonRepository.scan(tree.path)
        let refusals = models.reduce(into: [String: String]()) { $0[$1.name] = $1.refusal }
        let expected = [
            "bad": "bad/config.pbtxt:1: unknown field 'max_batch_sise'", "ensemble": "ensemble_scheduling",
            "renamed": "'other'", "empty": "no numbered folder", "gone": "4", "labels": "none.txt", "a:b": "not a name",
        ]
        #expect(Set(refusals.keys) == Set(expected.keys))
        for (name, words) in expected { #expect(refusals[name]?.contains(words) == true, "\(refusals[name] ?? "")") }
        let plan = models.first { $0.name == "plan" }
        #expect(plan?.versions.first?.problem?.contains("TensorRT") == true)
    }

    @Test("follows symbolic links inside of the repository, and none that lead out of it")
    func links() throws {
        let tree = try LayoutTree()
        let outside = try LayoutTree()
        try outside.write("1/model.onnx", LayoutTree.model())
        try outside.write("config.pbtxt", "name: 'c'")
        try tree.write("a/1/model.onnx", LayoutTree.model())
        try tree.link("a/2", to: "1")
        try tree.makeFolder("a/3")
        try tree.link("a/3/model.onnx", to: outside.path + "/1/model.onnx")
        try tree.link("a/4", to: outside.path + "/1")
        try tree.link("b", to: outside.path)
        try tree.makeFolder("c")
        try tree.link("c/config.pbtxt", to: outside.path + "/config.pbtxt")
        let models = try TritonRepository.scan(tree.path)
        #expect(models.map(\.name) == ["a", "b", "c"])
        let problems = models[0].versions.map { $0.problem?.contains("leads out") ?? false }
        #expect(problems == [false, false, true, true])
        #expect(models[1].refusal?.contains("leads out") == true)
        #expect(models[2].refusal?.contains("leads out") == true)
    }

    @Test("tells how the models of a path lie")
    func detect() throws {
        let tree = try LayoutTree()
        try tree.write("file.bin", "")
        try tree.write("one/net.onnx", LayoutTree.model())
        try tree.write("one/1/model.onnx", LayoutTree.model())
        try tree.write("repo/m/1/model.onnx", LayoutTree.model())
        try tree.write("repo2/m/config.pbtxt", "")
        try tree.write("base/00000123/saved_model.pb", "")
        try tree.write("nothing/sub/file", "")
        try tree.write("nothing/sub2/x/file", "")
        let expected: [(String, ImportLayout)] = [
            ("file.bin", .single), ("gone", .single), ("one", .single), ("repo", .tritonRepository),
            ("repo2", .tritonRepository), ("repo2/m", .tritonModel), ("repo/m", .numbered), ("base", .numbered),
            ("nothing", .single),
        ]
        for (path, layout) in expected { #expect(ImportLayout.detect(tree.path + "/" + path) == layout, "\(path)") }
    }

    @Test("TensorFlow Serving's configuration names models, policies and labels")
    func tensorFlowServing() throws {
        let tree = try LayoutTree()
        try tree.write("m/00000123/model.onnx", LayoutTree.model())
        try tree.write("m/124/anything.onnx", LayoutTree.model())
        try tree.write("m/tmp/model.onnx", LayoutTree.model())
        try tree.write("s/1/saved_model.pb", "")
        let path = try tree.write(
            "models.config",
            """
            model_config_list: {
              config: {
                name: "m", base_path: "\(tree.path)/m", model_platform: "tensorflow",
                model_version_policy: { specific: { versions: 123 versions: 124 } }
                version_labels { key: "stable" value: 123 } version_labels { key: "canary" value: 124 }
              },
              config { name: "s" base_path: "\(tree.path)/s" }
              config { name: "cloud" base_path: "gs://bucket/model" }
              config { name: "late" base_path: "\(tree.path)/m" version_labels { key: "x" value: 9 } }
            }
            """)
        let models = try TensorFlowServingConfig.scan(file: path)
        #expect(models.map(\.name) == ["m", "s", "cloud", "late"])
        #expect(models[0].versions.map(\.number) == [123, 124])
        #expect(models[0].served == [123, 124])
        #expect(models[0].labels == ["stable": 123, "canary": 124])
        #expect(models[1].versions.first?.problem?.contains("SavedModel") == true)
        #expect(models[2].refusal?.contains("gs://") == true)
        #expect(models[3].refusal?.contains("'x' names version 9") == true)
        #expect(try TensorFlowServingConfig.scan(file: path, only: "s").count == 1)
        let alone = TensorFlowServingConfig.model(at: tree.path + "/m", name: "m")
        #expect(alone.served == [124])
    }

    @Test(
        "names what is wrong in TensorFlow Serving's configuration",
        arguments: [
            ("", "names no model"), ("model_config_list { config { name: 'm' } }", "'base_path'"),
            ("model_config_list { config { nmae: 'm' } }", "unknown field 'nmae'"),
            (
                "model_config_list { config { name: 'm' base_path: '/a' }\nconfig { name: 'm' base_path: '/b' } }",
                "f:2: the model 'm' is named twice"
            ),
            ("custom_model_config { }", "custom_model_config"), ("model_config_list {", "closed"),
            (
                "model_config_list { config { name: 'm' base_path: '/' model_version_policy { all { } latest { } } } }",
                "expected one of them"
            ),
        ])
    func wrong(text: String, expected: String) throws {
        let tree = try LayoutTree()
        let path = try tree.write("f", text)
        let error = #expect(throws: ControlError.self) { try TensorFlowServingConfig.scan(file: path) }
        #expect(error?.message.contains(expected) == true, "\(error?.message ?? "")")
    }

    @Test(
        "policies choose among the numbers that are there",
        arguments: [
            (.latest(2), [5, 9], []), (.latest(9), [1, 5, 9], []), (.all, [1, 5, 9], []),
            (.specific([9, 1, 1]), [1, 9], []), (.specific([5, 7]), [5], [7]),
        ] as [(VersionPolicy, [Int], [Int])])
    func policies(policy: VersionPolicy, chosen: [Int], missing: [Int]) {
        let choice = policy.choose(from: [9, 1, 5])
        #expect(choice.chosen == chosen)
        #expect(choice.missing == missing)
    }
}
