// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import SlipwayCore
import SlipwayEngine
import SlipwayOpenVINO
import SlipwayTestKit
import Testing

@Suite("The OpenVINO library", .tags(.engine), .enabled(if: TestEngine.library.isInstalled, TestEngine.skipReason))
struct EngineTests {
    @Test("says what it is and what it can do")
    func identity() throws {
        let engine = try TestEngine.open()
        #expect(engine.name == "openvino")
        #expect(engine.version == "2026.4.1")
        #expect(
            engine.capabilities.formats == [.onnx, .savedModel, .tensorFlowGraph, .tflite, .paddle, .openVINO])
        #expect(engine.capabilities.devices.contains("cpu"))
        #expect(engine.capabilities.precisions == [.f32, .bf16])
    }

    @Test(
        "a device that the library lacks is refused with those it has",
        arguments: ["cuda", "gpu:7", "cpu:0", "", "CPU"])
    func devices(device: String) {
        #expect {
            try TestEngine.load(TinyModel.identity(), options: LoadOptions(device: device))
        } throws: { code($0) == .unsupportedDevice && "\($0)".contains("[cpu") }
    }

    @Test("a library that is not OpenVINO's is refused with the symbol it lacks")
    func otherLibrary() {
        let path = ["/lib/x86_64-linux-gnu/libm.so.6", "/lib/aarch64-linux-gnu/libm.so.6", "/lib64/libm.so.6"]
            .first { (path: String) in access(path, R_OK) == 0 }
        #expect {
            try OpenVINOEngine(libraryPath: path ?? "") { _ in }
        } throws: { code($0) == .libraryUnusable && "\($0)".contains("ov_get_openvino_version") }
    }

    @Test("a missing library is refused with what to run")
    func missingLibrary() {
        #expect {
            try OpenVINOEngine(libraryPath: "/nonexistent/libopenvino_c.so") { _ in }
        } throws: { code($0) == .libraryMissing && "\($0)".contains("Scripts/bootstrap") }
    }

    @Test("more threads and lanes for a call give the same bits", arguments: [(1, 1), (2, 1), (1, 3)])
    func threads(perCall: Int, lanes: Int) throws {
        let model = try TestEngine.load(
            TinyModel.add(), options: LoadOptions(threadsPerCall: perCall, lanes: lanes))
        #expect(model.maximumConcurrency == lanes)
        let values = (0..<200_000).map { Float($0) * 0.1 }
        let x = try Tensor(values, shape: [100, 2_000])
        #expect(try model.run(["x": x, "x1": x])["y"]?.values(as: Float.self) == values.map { $0 + $0 })
    }

    @Test("a compiled model is kept in the folder asked for and loads again from there, or without it when damaged")
    func cache() throws {
        let models = try ModelFolder()
        let kept = try ModelFolder()
        let bundle = try models.bundle(TinyModel.add(), as: "add.onnx")
        let options = LoadOptions(cacheFolder: kept.path)
        let x = try Tensor([1, 2] as [Float], shape: [1, 2])
        for _ in 0..<2 {
            let model = try TestEngine.open().load(bundle, options: options)
            #expect(try model.run(["x": x, "x1": x])["y"]?.values(as: Float.self) == [2, 4])
        }
        let whole = try #require(try Blob.only(in: kept.path + "/f32"))
        let noise = (0..<4_000).map { UInt8(truncatingIfNeeded: $0 * 31) }
        for damaged in [[], [1, 2, 3], noise, Array(whole.bytes.prefix(whole.bytes.count / 2))] {
            try whole.replace(with: damaged)
            let model = try TestEngine.open().load(bundle, options: options)
            #expect(try model.run(["x": x, "x1": x])["y"]?.values(as: Float.self) == [2, 4])
        }
        try #require(try Blob.only(in: kept.path + "/f32")).remove()
    }
}

/// A compiled model that the library keeps.
private struct Blob {
    let folder: String
    let path: String
    let bytes: [UInt8]

    static func only(in folder: String) throws -> Blob? {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".blob") }
        guard names.count == 1 else { return nil }
        let path = folder + "/" + names[0]
        return Blob(
            folder: folder, path: path, bytes: Array(try Data(contentsOf: URL(fileURLWithPath: path))))
    }

    func replace(with bytes: [UInt8]) throws { try Data(bytes).write(to: URL(fileURLWithPath: path), options: .atomic) }

    /// Of the folder too, which whoever made the one around it does not know.
    func remove() throws { try FileManager.default.removeItem(atPath: folder) }
}
