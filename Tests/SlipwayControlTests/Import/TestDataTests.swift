// SPDX-License-Identifier: Apache-2.0

import SlipwayControl
import SlipwayCore
import SlipwayEngine
import SlipwayFormats
import SlipwayRegistry
import SlipwayTestKit
import SlipwayWire
import Testing

/// The scripted model answers each value of `x` as it is, so expected outputs are the inputs.
@Suite("ONNX test data beside a model")
struct TestDataTests {
    private func home() throws -> TestHome {
        var script = ScriptedEngine.Script()
        script.signature = ScriptedModel.anyColumns
        return try TestHome(script: script)
    }

    private func tensor(_ values: [Float], name: String = "") -> [UInt8] {
        var writer = ProtobufWriter()
        writer.packed(1, [1, Int64(values.count)])
        writer.varint(2, 1)
        if !name.isEmpty { writer.string(8, name) }
        writer.packed(4, values)
        return writer.bytes
    }

    /// A folder with a model and sets of one input and one output each.
    private func folder(_ home: TestHome, _ sets: [(input: [UInt8], output: [UInt8])]) throws -> String {
        let path = PosixFolder.parent(of: try home.write(TinyModel.identity(), as: "model.onnx"))
        let inner = path.dropFirst(home.folder.path.count + 1)
        for (index, set) in sets.enumerated() {
            try PosixFolder.make("\(path)/test_data_set_\(index)")
            _ = try home.folder.file("\(inner)/test_data_set_\(index)/input_0.pb", set.input)
            _ = try home.folder.file("\(inner)/test_data_set_\(index)/output_0.pb", set.output)
        }
        return path
    }

    @Test("is run at import, and compared")
    func compared() async throws {
        let home = try home()
        let path = try folder(
            home, [(tensor([1, 2]), tensor([1, 2])), (tensor([3], name: "x"), tensor([3.0005], name: "y"))])
        let result = try await home.control.importModel(ImportRequest(path: path, model: "m")) { _ in }
        #expect(result.report?.samples?.rows == 2 && result.report?.samples?.compared == ["y"])
        // The second answer lies within the 1e-3 that test data of others are allowed.
        #expect((result.report?.samples?.largestDifference ?? 0) > 1e-4)
        #expect(result.version.files.map(\.path) == ["model.onnx"])
    }

    @Test("refuses the import where an answer is another one, or of another shape")
    func different() async throws {
        for (output, words) in [(tensor([1, 2.5]), "test_data_set_0: value 1 of 'y'"), (tensor([1]), "shape")] {
            let home = try home()
            let path = try folder(home, [(tensor([1, 2]), output)])
            let error = await #expect(throws: ControlError.self) {
                try await home.control.importModel(ImportRequest(path: path, model: "m")) { _ in }
            }
            #expect(error?.code == .unexpectedAnswer)
            #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
            #expect(try await home.contents() == [])
        }
    }

    @Test("that cannot be read is told with the way around it")
    func unreadable() async throws {
        let home = try home()
        let path = try folder(home, [(Array("no tensor".utf8), tensor([1]))])
        let error = await #expect(throws: ControlError.self) {
            try await home.control.importModel(ImportRequest(path: path, model: "m")) { _ in }
        }
        #expect(error?.message.contains("'test_data_set_0/input_0.pb'") == true)
        let alone = try await home.control.importModel(ImportRequest(path: path + "/model.onnx", model: "m")) { _ in }
        #expect(alone.report?.samples == nil)
    }
}
