// SPDX-License-Identifier: Apache-2.0

import SlipwayControl
import SlipwayCore
import SlipwayEngine
import SlipwayFormats
import SlipwayRegistry
import SlipwayTestKit
import SlipwayWire
import Testing

/// The scripted model answers each value of `x` as it is: files that are called `model.onnx` stand for version 0.
@Suite("Samples at import")
struct SampleTests {
    private func script() -> ScriptedEngine.Script {
        var script = ScriptedEngine.Script()
        script.signature = ScriptedModel.anyColumns
        return script
    }

    private func run(
        samples: (String, String)?, expected: (String, [UInt8])?, tolerance: Double? = nil
    ) async throws -> (ImportDTO, TestHome) {
        let home = try TestHome(script: script())
        var request = ImportRequest(path: try home.write(TinyModel.identity()), model: "m")
        if let samples { request.samples = try home.write(Array(samples.1.utf8), as: samples.0) }
        if let expected { request.expected = try home.write(expected.1, as: expected.0) }
        request.options.tolerance = tolerance
        return (try await home.control.importModel(request) { _ in }, home)
    }

    private static let rows = ("rows.csv", "a,b\n1,2\n3,4\n5,6\n")

    @Test("run through the model, and told")
    func runs() async throws {
        let (result, _) = try await run(samples: Self.rows, expected: nil)
        #expect(result.report?.samples == ImportReportDTO.Samples(rows: 3))
        #expect(result.report?.verifiedBy == "onnxruntime 1.0")
    }

    @Test(
        "as expected, in each form that results are written in",
        arguments: [
            ("e.csv", "row,y_0,y_1\n0,1,2\n1,3,4\n2,5,6\n"), ("e.csv", "y_1,y_0\n2,1\n4,3\n6,5\n"),
            ("e.jsonl", "{\"row\":0,\"y\":[1,2]}\n{\"y\":[3,4]}\n{\"y\":[5,6]}\n"),
        ])
    func same(name: String, text: String) async throws {
        let (result, _) = try await run(samples: Self.rows, expected: (name, Array(text.utf8)))
        #expect(result.report?.samples == ImportReportDTO.Samples(rows: 3, compared: ["y"], largestDifference: 0))
    }

    @Test("as expected, in an array without a name and in one with")
    func arrays() async throws {
        let tensor = try Tensor([1, 2, 3, 4, 5, 6] as [Double], shape: [3, 2])
        for (name, bytes) in [
            ("e.npy", try NumpyWriter.bytes(of: tensor)), ("e.npz", try NumpyArchive.bytes(of: ["y": tensor])),
        ] {
            let (result, _) = try await run(samples: Self.rows, expected: (name, bytes))
            #expect(result.report?.samples?.compared == ["y"], "\(name)")
        }
    }

    @Test("another answer refuses the import and names row and values")
    func different() async throws {
        let expected = Array("y_0,y_1\n1,2\n3,4.5\n5,6\n".utf8)
        let home = try TestHome(script: script())
        var request = ImportRequest(path: try home.write(TinyModel.identity()), model: "m")
        request.samples = try home.write(Array(Self.rows.1.utf8), as: "rows.csv")
        request.expected = try home.write(expected, as: "e.csv")
        let wanted = request
        let error = await #expect(throws: ControlError.self) {
            try await home.control.importModel(wanted) { _ in }
        }
        #expect(error?.code == .unexpectedAnswer)
        #expect(error?.message.contains("row 1: 'y_1' is 4.0, expected 4.5") == true, "\(error?.message ?? "")")
        #expect(try await home.contents() == [])
        #expect(try await home.artifacts.blobs() == [])
        request.options.tolerance = 0.5
        let lenient = try await home.control.importModel(request) { _ in }
        #expect(lenient.report?.samples?.largestDifference == 0.5)
    }

    @Test(
        "as many rows as answers", arguments: ["y_0,y_1\n1,2\n3,4\n", "y_0,y_1\n1,2\n3,4\n5,6\n7,8\n"])
    func counts(text: String) async throws {
        let error = await #expect(throws: ControlError.self) {
            try await run(samples: Self.rows, expected: ("e.csv", Array(text.utf8)))
        }
        #expect(error?.code == .unexpectedAnswer)
        #expect(error?.message.contains("more") == true)
    }

    @Test("columns that are no output are named beside those that are")
    func names() async throws {
        let error = await #expect(throws: ControlError.self) {
            try await run(samples: Self.rows, expected: ("e.csv", Array("z,w\n1,2\n3,4\n5,6\n".utf8)))
        }
        #expect(error?.message.contains("'z'") == true && error?.message.contains("'y'") == true)
    }

    @Test("expected answers alone are refused")
    func alone() async throws {
        let error = await #expect(throws: ControlError.self) {
            try await run(samples: nil, expected: ("e.csv", Array("y\n1\n".utf8)))
        }
        #expect(error?.code == .invalidRequest)
    }

    @Test("files of that name in the model's folder count too")
    func beside() async throws {
        let home = try TestHome(script: script())
        let path = try home.write(TinyModel.identity())
        let folder = String(path.dropLast("/file.onnx".count))
        let inner = folder.dropFirst(home.folder.path.count + 1)
        _ = try home.folder.file(inner + "/samples.csv", Array(Self.rows.1.utf8))
        _ = try home.folder.file(inner + "/expected.csv", Array("y_0,y_1\n1,2\n3,4\n5,6.1\n".utf8))
        let error = await #expect(throws: ControlError.self) {
            try await home.control.importModel(ImportRequest(path: folder, model: "m")) { _ in }
        }
        #expect(error?.code == .unexpectedAnswer)
        var request = ImportRequest(path: folder, model: "m")
        request.options.tolerance = 0.2
        let result = try await home.control.importModel(request) { _ in }
        #expect(result.report?.samples?.rows == 3)
        #expect(result.version.files.map(\.path) == ["model.onnx"])
    }
}
