// SPDX-License-Identifier: Apache-2.0

import SlipwayControl
import SlipwayCore
import SlipwayEngine
import SlipwayRegistry
import SlipwayTestKit
import SlipwayWire
import Testing

/// The scripted model answers each value of `x` as it is.
@Suite("Verifying a version")
struct VersionVerifierTests {
    private let home: TestHome
    private var control: HomeControl

    init() throws {
        var script = ScriptedEngine.Script()
        script.signature = ScriptedModel.anyColumns
        home = try TestHome(script: script)
        control = home.control
        control.samples = KeptSamples(folder: home.folder.path + "/samples")
    }

    private static let rows = Array("a,b\n1,2\n3,4\n".utf8)

    private func verify(
        samples: [UInt8]? = nil, expected: String? = nil, options: VerificationOptions = VerificationOptions()
    ) async throws -> VerificationDTO {
        let request = VerificationRequest(
            try ModelReference(parsing: "m"), samples: try samples.map { try home.write($0, as: "rows.csv") },
            expected: try expected.map { try home.write(Array($0.utf8), as: "answers.csv") }, options: options)
        return try await control.verify(request) { _ in }
    }

    private func importWithSamples(expected: String, tolerance: Double? = nil) async throws {
        var request = ImportRequest(path: try home.write(TinyModel.identity()), model: "m")
        request.samples = try home.write(Self.rows, as: "rows.csv")
        request.expected = try home.write(Array(expected.utf8), as: "answers.csv")
        request.options.tolerance = tolerance
        _ = try await control.importModel(request) { _ in }
    }

    @Test("without samples, made-up rows show that it runs")
    func generated() async throws {
        try await home.importIdentity()
        let result = try await verify()
        #expect(result.isSound && result.problems == [] && result.origin == .generated)
        #expect(result.report.verifiedBy == "onnxruntime 1.0")
        #expect(result.report.samples?.rows == 4)
    }

    @Test("the samples of its import are run again, with their tolerance")
    func stored() async throws {
        try await importWithSamples(expected: "y_0,y_1\n1,2\n3,4.25\n", tolerance: 0.5)
        let result = try await verify()
        #expect(result.isSound && result.origin == .stored)
        #expect(result.report.samples == ImportReportDTO.Samples(rows: 2, compared: ["y"], largestDifference: 0.25))
        let strict = try await verify(options: VerificationOptions(tolerance: 0.01))
        #expect(!strict.isSound && strict.problems.first?.contains("row 1: 'y_1' is 4.0, expected 4.25") == true)
    }

    @Test("samples that are given come first, and another answer is a problem")
    func given() async throws {
        try await importWithSamples(expected: "y_0,y_1\n1,2\n3,4\n")
        let right = try await verify(samples: Self.rows, expected: "y_0,y_1\n1,2\n3,4\n")
        #expect(right.isSound && right.origin == .given)
        let wrong = try await verify(samples: Self.rows, expected: "y_0,y_1\n1,2\n3,5\n")
        #expect(!wrong.isSound && wrong.origin == nil)
        #expect(wrong.problems.first?.contains("expected 5.0") == true)
    }

    @Test("expected answers alone, and samples that are no rows, are errors of the request")
    func badRequest() async throws {
        try await home.importIdentity()
        await #expect(throws: ControlError.self) { try await verify(expected: "y\n1\n") }
        let place = try home.write([1], as: "rows.bin")
        let request = VerificationRequest(try ModelReference(parsing: "m"), samples: place)
        await #expect(throws: ControlError.self) { try await control.verify(request) { _ in } }
    }

    @Test("an engine that is not here, or refuses the model, is a problem")
    func engine() async throws {
        try await home.importIdentity()
        let missing = try await verify(options: VerificationOptions(engine: "nothing"))
        #expect(!missing.isSound && missing.problems.first?.contains("'nothing'") == true)
        #expect(missing.report.verifiedBy == nil)
        var script = ScriptedEngine.Script()
        script.refusal = { _ in EngineError(code: .unsupportedModel, message: "no operator Levitate") }
        let engine = ScriptedEngine(name: "onnxruntime", script: script)
        let other = HomeControl(
            store: home.store, artifacts: home.artifacts, engines: [engine], clock: home.clock.reading)
        let refused = try await other.verify(VerificationRequest(try ModelReference(parsing: "m"))) { _ in }
        #expect(refused.problems == ["no operator Levitate"])
    }

    @Test("a blob that is gone is a problem with its file's name, and nothing is loaded")
    func gone() async throws {
        let version = try await home.importIdentity().version
        try await home.artifacts.remove(version.files[0].digest)
        let result = try await verify()
        #expect(!result.isSound && result.problems.count == 1)
        #expect(result.problems[0].contains("'model.onnx'") && result.problems[0].contains(version.files[0].digest.hex))
        #expect(result.report.verifiedBy == nil && result.report.samples == nil)
    }

    @Test("an unknown version is an error")
    func unknown() async throws {
        let request = VerificationRequest(try ModelReference(parsing: "nobody"))
        await #expect(throws: RegistryError.self) { try await control.verify(request) { _ in } }
    }

    @Test("samples go with the version they were imported with")
    func collected() async throws {
        try await importWithSamples(expected: "y_0,y_1\n1,2\n3,4\n")
        let folder = home.folder.path + "/samples"
        #expect(try PosixFolder.names(in: folder).count == 1)
        _ = try await control.collectGarbage(keep: nil)
        #expect(try PosixFolder.names(in: folder).count == 1)
        let garbage = try await control.collectGarbage(keep: 0)
        #expect(garbage.versions == ["m:1"])
        #expect(try PosixFolder.names(in: folder) == [])
    }

    @Test("a file of the version is read from any byte on; others and places beyond its end are refused")
    func readFile() async throws {
        let version = try await home.importIdentity().version
        let file = version.files[0]
        let reference = try ModelReference(parsing: "m:1")
        let whole = try await bytes(of: file.digest, reference, from: 0)
        #expect(whole.count == file.byteCount)
        #expect(try await bytes(of: file.digest, reference, from: 7) == Array(whole[7...]))
        #expect(try await bytes(of: file.digest, reference, from: file.byteCount) == [])
        for offset in [-1, file.byteCount + 1] {
            await #expect(throws: ControlError.self) { try await bytes(of: file.digest, reference, from: offset) }
        }
        let other = Digest(bytes: [UInt8](repeating: 1, count: 32))
        let error = await #expect(throws: ControlError.self) { try await bytes(of: other, reference, from: 0) }
        #expect(error?.code == .notFound)
    }

    @discardableResult
    private func bytes(of digest: Digest, _ reference: ModelReference, from offset: Int) async throws -> [UInt8] {
        let pieces = Collected<[UInt8]>()
        try await control.readFile(digest, of: reference, from: offset) { pieces.add($0) }
        return pieces.values.flatMap(\.self)
    }
}
