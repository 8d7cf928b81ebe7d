// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats
import SlipwayTestKit
import Testing

@Suite("Files of PyTorch")
struct TorchArchiveTests {
    static func fixture(_ name: String, _ here: String = #filePath) throws -> [UInt8] {
        let tests = here.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        let source = try FileSource(path: "\(tests)/Fixtures/torch/\(name)")
        return try source.bytes(at: 0, count: source.byteCount)
    }

    private func archive(_ name: String) throws -> TorchArchive {
        try TorchArchive(MemorySource(Self.fixture(name)))
    }

    private func content(_ archive: TorchArchive, _ name: String) throws -> [UInt8] {
        let tensor = try #require(archive.tensors.first { $0.name == name })
        let source = try archive.content(of: tensor)
        return try source.bytes(at: 0, count: source.byteCount)
    }

    @Test("lists a state dict, in the zip format and in the older one", arguments: ["state_dict.pt", "legacy.pt"])
    func stateDict(name: String) throws {
        let archive = try archive(name)
        #expect(archive.kind == .stateDict)
        #expect(archive.isLegacy == (name == "legacy.pt"))
        #expect(
            archive.tensors.map { "\($0.name) \($0.typeName) \($0.shape)" } == [
                "fc.weight float32 [3, 4]", "fc.turned float32 [2, 3]", "fc.bias float64 [3]",
                "norm.steps int64 []", "norm.half bfloat16 [2]", "mask bool [2]",
            ])
        #expect(archive.tensors.map(\.byteCount) == [48, 24, 24, 8, 4, 2])
        #expect(archive.findings.allSatisfy { $0.severity == .low })
        #expect(FormatDetector.detect(try Self.fixture(name)).format == .pytorch)
    }

    @Test("reads elements, those that strides pick out too", arguments: ["state_dict.pt", "legacy.pt"])
    func elements(name: String) throws {
        let archive = try archive(name)
        let turned = try content(archive, "fc.turned").withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
        #expect(turned == [1, 5, 9, 2, 6, 10])
        let weight = try content(archive, "fc.weight").withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
        #expect(weight == (0..<12).map { Float($0) })
        #expect(try content(archive, "norm.steps") == [7, 0, 0, 0, 0, 0, 0, 0])
        #expect(try content(archive, "mask") == [1, 0])
    }

    @Test("a state dict becomes safetensors", arguments: ["state_dict.pt", "legacy.pt", "checkpoint.pt", "module.pt"])
    func conversion(name: String) throws {
        let archive = try archive(name)
        var bytes: [UInt8] = []
        try archive.writeSafetensors { bytes += $0 }
        let file = try SafetensorsReader.read(bytes)
        #expect(file.metadata == ["format": "pt"])
        guard name != "module.pt" else {
            #expect(file.tensors.map(\.name) == ["weight"])
            return
        }
        #expect(Set(file.tensors.map(\.name)) == Set(try self.archive("state_dict.pt").tensors.map(\.name)))
        let bias = try #require(file.tensor(named: "fc.bias"))
        #expect(try file.read(bias).values(as: Double.self) == [0.5, -0.5, 2])
        let turned = try #require(file.tensor(named: "fc.turned"))
        #expect(try file.read(turned).values(as: Float.self) == [1, 5, 9, 2, 6, 10])
    }

    @Test("of a checkpoint, the optimizer is listed and left out of the weights")
    func checkpoint() throws {
        let archive = try archive("checkpoint.pt")
        #expect(archive.tensors.contains { $0.name == "optimizer.state.0.momentum" })
        #expect(archive.weights.count == 6 && archive.weights[0].name == "fc.weight")
        #expect(archive.advice(file: "it's.pt").contains(#"torch.load('it\'s.pt', weights_only=True)['state_dict']"#))
    }

    @Test("lists the code and constants of a TorchScript model, and what forward takes")
    func torchScript() throws {
        let archive = try archive("script.pt")
        #expect(archive.kind == .torchScript)
        #expect(archive.code.map(\.name) == ["code/__torch__.py"])
        #expect(try archive.text(of: archive.code[0])?.contains("def forward") == true)
        #expect(archive.constants.count == 1 && archive.constants[0].typeName == "float32")
        #expect(archive.tensors.map(\.name) == ["fc.weight"])
        #expect(try content(archive, "fc.weight").count == 8)
        #expect(
            archive.inputs.map { "\($0.name): \($0.typeName)" } == [
                "x: Tensor", "sizes: Dict[str, Tensor]", "scale: float",
            ])
        // The export takes values for all of them, and has no rule for what one may be left out.
        #expect(archive.inputs.map(\.defaultValue) == [nil, nil, "1."])
        let detection = FormatDetector.detect(try Self.fixture("script.pt"))
        #expect(detection.format == .torchscript)
        #expect(detection.message.contains("torch.onnx.export(torch.jit.load('model.pt').eval()"))
        #expect(detection.message.contains("input_names=['x', 'sizes', 'scale']"))
        #expect(detection.message.contains("dynamic_axes={'x': {0: 'batch'}}"))
        #expect(archive.report(file: "script.pt").contains { $0.hasPrefix("code       1 files") })
    }

    @Test("reads an exported program, of both archive formats", arguments: ["program.pt2", "older.pt2"])
    func exported(name: String) throws {
        let archive = try archive(name)
        #expect(archive.kind == .exported)
        #expect(archive.tensors.map { "\($0.name) \($0.typeName) \($0.shape)" } == ["fc.weight float32 [1, 2]"])
        #expect(archive.inputs.map { "\($0.name): \($0.typeName)" } == ["x: float32"])
        // The first extent is free.
        #expect(archive.inputs.first?.shape == [nil, 2])
        #expect(archive.operators == ["torch.ops.aten.linear.default"])
        let detection = FormatDetector.detect(try Self.fixture(name))
        #expect(detection.format == .pt2)
        #expect(detection.message.contains("torch.onnx.export(torch.export.load('model.pt2'), (), 'model.onnx'"))
        let error = try #require(throws: FormatError.self) { try archive.writeSafetensors { _ in } }
        #expect(error.code == .unsupported)
    }

    @Test("a pickled module names its class, and its weights as a state dict would")
    func module() throws {
        let archive = try archive("module.pt")
        #expect(archive.kind == .module)
        #expect(archive.className == "torch.nn.modules.linear.Linear")
        #expect(archive.tensors.map(\.name) == ["weight"])
        #expect(archive.advice.contains("slipway scan"))
    }

    @Test("other files are refused, saying so", arguments: [[], [0x50, 0x4B, 3, 4], Array("text".utf8)] as [[UInt8]])
    func others(bytes: [UInt8]) {
        #expect(throws: FormatError.self) { try TorchArchive(MemorySource(bytes)) }
    }

    @Test("limits hold")
    func limits() throws {
        var limits = TorchLimits()
        limits.tensorCount = 2
        let source = MemorySource(try Self.fixture("state_dict.pt"))
        #expect(
            try #require(throws: FormatError.self) { try TorchArchive(source, limits: limits) }.code == .limitExceeded)
        limits = TorchLimits()
        limits.valueCount = 3
        #expect(
            try #require(throws: FormatError.self) { try TorchArchive(source, limits: limits) }.code == .limitExceeded)
    }

    @Test("a tensor of few bytes that strides of zero make large is not written")
    func strideZero() throws {
        let storage =
            Opcodes.mark + Opcodes.text("storage") + Opcodes.global("torch", "FloatStorage") + Opcodes.text("0")
            + Opcodes.text("cpu") + [0x4B, 1, 0x74, 0x51]
        let shape = [0x4A] + Opcodes.littleEndian(Int32(1 << 26)) + Opcodes.tuple1
        let arguments = storage + [0x4B, 0] + shape + [0x4B, 0] + Opcodes.tuple1 + [0x89, 0x7D]
        let pickle = Opcodes.pickle(
            4, Opcodes.emptyDictionary, Opcodes.text("w"), Opcodes.global("torch._utils", "_rebuild_tensor_v2"),
            Opcodes.mark, arguments, [0x74], Opcodes.reduce, [0x73])
        var writer = ZipWriter()
        try writer.add("archive/data.pkl", pickle)
        try writer.add("archive/data/0", [0, 0, 0, 0])
        let archive = try TorchArchive(MemorySource(writer.finish()))
        let tensor = try #require(archive.tensors.first)
        #expect(tensor.shape == [1 << 26])
        let error = try #require(throws: FormatError.self) { try archive.content(of: tensor) }
        #expect(error.code == .limitExceeded)
    }

    @Test("a tensor whose arguments hold themselves is no tensor")
    func selfContaining() throws {
        let rebuild = Opcodes.global("torch._tensor", "_rebuild_from_type_v2")
        let list = Opcodes.emptyList + Opcodes.memoize + Opcodes.mark + rebuild + Opcodes.none + [0x68, 0, 0x65]
        let pickle = Opcodes.pickle(4, rebuild, rebuild, Opcodes.none, list, [0x87], Opcodes.reduce)
        var writer = ZipWriter()
        try writer.add("archive/data.pkl", pickle)
        #expect(try TorchArchive(MemorySource(writer.finish())).tensors.isEmpty)
    }

    @Test("mutated files are listed or refused")
    func mutations() throws {
        let names = ["state_dict.pt", "legacy.pt", "script.pt", "program.pt2", "checkpoint.pt"]
        var listed = 0
        try mutate(seeds: try names.map { try Self.fixture($0) }, iterations: 4000, seed: 72) { bytes in
            let archive = try TorchArchive(MemorySource(bytes))
            #expect(!archive.report(file: "x").isEmpty)
            listed += 1
            try archive.writeSafetensors { _ in }
        }
        // Otherwise the mutations would be too wild to reach anything.
        #expect(listed > 0)
    }
}
