// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayCore
import SlipwayEngine
import SlipwayONNXRuntime
import SlipwayTestKit
import Synchronization
import Testing

@Suite("The ONNX Runtime library", .tags(.engine), .enabled(if: TestEngine.library.isInstalled, TestEngine.skipReason))
struct EngineTests {
    @Test("says what it is and what it can do")
    func identity() throws {
        let engine = try TestEngine.open()
        #expect(engine.name == "onnxruntime")
        #expect(engine.version == "1.31.1")
        #expect(engine.capabilities.formats == [.onnx, .ort])
        #expect(engine.capabilities.devices.contains("cpu"))
    }

    @Test("is opened with its telemetry off")
    func telemetry() throws {
        _ = try TestEngine.open()
        #expect(getenv("ORT_DISABLE_TELEMETRY").map { String(cString: $0) } == "1")
    }

    @Test(
        "a device that the library lacks is refused with those it has",
        arguments: ["cuda", "cuda:1", "tpu", "cpu:0", "", "cpu:", "CPU"])
    func devices(device: String) {
        #expect {
            try TestEngine.load(TinyModel.identity(), options: LoadOptions(device: device))
        } throws: { code($0) == .unsupportedDevice && "\($0)".contains("[cpu]") }
    }

    @Test("its log lines come through the closure")
    func log() throws {
        // An initializer that nothing uses is worth a warning to the library.
        var builder = ONNXBuilder()
        builder.input("x", .tensor(.float32, [.symbolic("b")]))
        builder.output("y", .tensor(.float32, [.symbolic("b")]))
        builder.initializer("useless", try Tensor([1] as [Float], shape: [1]))
        builder.node("Identity", ["x"], ["y"])
        _ = try TestEngine.load(builder.model())
        let lines = TestEngine.logLines.withLock { $0 }
        #expect(lines.contains { $0.message.contains("useless") && $0.level == .warning && $0.engine == "onnxruntime" })
    }

    @Test("failed and cancelled runs write no log lines, their callers get the errors")
    func quietRuns() throws {
        var builder = ONNXBuilder()
        builder.input("data", .tensor(.float32, [.dynamic]))
        builder.input("index", .tensor(.int64, [.dynamic]))
        builder.output("picked", .tensor(.float32, [.dynamic]))
        builder.node("Gather", ["data", "index"], ["picked"])
        let model = try TestEngine.load(builder.model())
        let data = try Tensor([1, 2] as [Float], shape: [2])
        let outside = try Tensor([7_654_321] as [Int64], shape: [1])
        #expect { try model.run(["data": data, "index": outside]) } throws: { error in
            (code(error) == .inputMismatch || code(error) == .executionFailed) && !"\(error)".contains("_src")
        }
        #expect(!TestEngine.logLines.withLock { $0.contains { $0.message.contains("7654321") } })
        let good = try Tensor([1] as [Int64], shape: [1])
        #expect(try model.run(["data": data, "index": good])["picked"]?.values(as: Float.self) == [2])
    }

    @Test("more threads for a call give the same bits", arguments: [1, 2])
    func threads(count: Int) throws {
        let models = try ConformanceModels.onnx()
        let model = try TestEngine.open().load(models.add, options: LoadOptions(threadsPerCall: count, lanes: 3))
        #expect(model.maximumConcurrency == 3)
        let values = (0..<200_000).map { Float($0) * 0.1 }
        let x = try Tensor(values, shape: [100, 2_000])
        #expect(try model.run(["x": x, "x1": x])["y"]?.values(as: Float.self) == values.map { $0 + $0 })
    }

    @Test("a profile is written when asked for")
    func profile() throws {
        let folder = try ModelFolder()
        let bundle = try folder.bundle(TinyModel.add(), as: "add.onnx")
        let x = try Tensor([1] as [Float], shape: [1, 1])
        do {
            let options = LoadOptions(profilePathPrefix: "\(folder.path)/profile")
            _ = try TestEngine.open().load(bundle, options: options).run(["x": x, "x1": x])
        }
        #expect(folder.names.contains { $0.hasPrefix("profile") && $0.hasSuffix(".json") })
    }

    @Test("a library that is not ONNX Runtime is refused")
    func otherLibrary() {
        let path = ["/lib/x86_64-linux-gnu/libm.so.6", "/lib/aarch64-linux-gnu/libm.so.6", "/lib64/libm.so.6"]
            .first { (path: String) in access(path, R_OK) == 0 }
        #expect {
            try ONNXRuntimeEngine(libraryPath: path ?? "", threads: 1) { _ in }
        } throws: { code($0) == .libraryUnusable && "\($0)".contains("OrtGetApiBase") }
    }

    @Test("a missing library is refused with what to run")
    func missingLibrary() {
        #expect {
            try ONNXRuntimeEngine(libraryPath: "/nonexistent/libonnxruntime.so.1", threads: 1) { _ in }
        } throws: { code($0) == .libraryMissing && "\($0)".contains("Scripts/bootstrap") }
    }
}
