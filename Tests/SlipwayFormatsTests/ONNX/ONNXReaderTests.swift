// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats
import SlipwayTestKit
import Testing

@Suite("ONNX reader")
struct ONNXReaderTests {
    @Test("tells the signature of every element type", arguments: ElementType.allCases)
    func elementTypes(elementType: ElementType) throws {
        let info = try ONNXReader.read(TinyModel.identity(elementType: elementType))
        let shape: [Dimension] = [.symbolic("b"), .symbolic("n")]
        #expect(info.signature.inputs == [TensorSpec(name: "x", elementType: elementType, shape: shape)])
        #expect(info.signature.outputs == [TensorSpec(name: "y", elementType: elementType, shape: shape)])
    }

    @Test(
        "keeps unknown rank, scalars, fixed, symbolic and dynamic dimensions apart",
        arguments: [nil, [], [.fixed(3)], [.symbolic("batch"), .dynamic, .fixed(0)]] as [[Dimension]?])
    func shapes(shape: [Dimension]?) throws {
        let info = try ONNXReader.read(TinyModel.identity(shape: shape))
        #expect(info.signature.inputs.first?.shape == shape)
    }

    @Test(
        "reads negative extents, empty symbols and question marks as dynamic",
        arguments: [Dimension.fixed(-1), .symbolic(""), .symbolic("?")])
    func formerDynamic(dimension: Dimension) throws {
        let info = try ONNXReader.read(TinyModel.identity(shape: [dimension, .fixed(2)]))
        #expect(info.signature.inputs.first?.shape == [.dynamic, .fixed(2)])
    }

    @Test("tells versions, producer, metadata and operators")
    func facts() throws {
        let info = try ONNXReader.read(TinyModel.zipMap())
        #expect(info.irVersion == 8)
        #expect(info.opsetImports == [.init(domain: "ai.onnx", version: 17), .init(domain: "ai.onnx.ml", version: 3)])
        #expect(info.producerName == "slipway-testkit")
        #expect(info.graphName == "tiny")
        #expect(info.nodeCount == 2)
        #expect(
            info.operators == [
                .init(domain: "ai.onnx.ml", name: "LinearClassifier", count: 1),
                .init(domain: "ai.onnx.ml", name: "ZipMap", count: 1),
            ])
        #expect(try ONNXReader.read(TinyModel.identity()).metadata == ["author": "slipway"])
    }

    @Test("shows a ZipMap's output as scores of known classes")
    func classScores() throws {
        let integers = try ONNXReader.read(TinyModel.zipMap(.integers))
        let scores = TensorSpec(
            name: "probabilities", elementType: .float32, shape: [.symbolic("batch"), .fixed(3)], form: .classScores)
        #expect(integers.signature.outputs.last == scores)
        #expect(integers.classLabels == ["probabilities": .integers([10, 20, 30])])
        let strings = try ONNXReader.read(TinyModel.zipMap(.strings))
        #expect(strings.signature.outputs.first?.elementType == .bytes)
        #expect(strings.classLabels == ["probabilities": .strings(["cat", "dog", "owl"])])
    }

    @Test("marks an input with a default as optional, and before IR version 4 as no input")
    func defaults() throws {
        let bytes = try TinyModel.optionalInput()
        #expect(try ONNXReader.read(bytes).signature.inputs.map(\.isOptional) == [false, true])
        var older = bytes
        // The file begins with the key and the value of ir_version.
        older[1] = 3
        #expect(try ONNXReader.read(older).signature.inputs.map(\.name) == ["x"])
    }

    @Test("tells sequences on both sides")
    func sequences() throws {
        let output = try #require(try ONNXReader.read(TinyModel.sequenceOutput()).signature.outputs.first)
        #expect(output.form == .sequence)
        #expect(output.shape == [.fixed(1), .fixed(2)])
        let input = try #require(try ONNXReader.read(TinyModel.sequenceInput()).signature.inputs.first)
        #expect(input.form == .sequence)
        #expect(input.shape == [.dynamic, .fixed(2)])
    }

    @Test("takes an optional's inner type")
    func optionals() throws {
        var builder = ONNXBuilder()
        builder.input("x", .optional(.tensor(.int64, [.fixed(4)])))
        builder.output("y", .tensor(.bool, []))
        builder.node("OptionalHasElement", ["x"], ["y"])
        let input = try #require(try ONNXReader.read(builder.model()).signature.inputs.first)
        #expect(input == TensorSpec(name: "x", elementType: .int64, shape: [.fixed(4)], isOptional: true))
    }

    @Test("counts nodes and weights inside subgraphs")
    func subgraphs() throws {
        let info = try ONNXReader.read(TinyModel.slow(iterations: 5))
        #expect(info.nodeCount == 3)
        #expect(info.operators.map(\.name) == ["Identity", "Loop", "MatMul"])
        // 64 x 64 floats, an int64 and a bool.
        #expect(info.initializerByteCount == 64 * 64 * 4 + 8 + 1)
    }

    @Test("only tells the numbers of versions no engine has")
    func newerVersions() throws {
        #expect(try ONNXReader.read(TinyModel.tooNewIR()).irVersion == 999)
        #expect(try ONNXReader.read(TinyModel.tooNewOpset()).opsetImports.map(\.version) == [999])
        #expect(try ONNXReader.read(TinyModel.unknownOperator()).operators.map(\.name) == ["NoSuchOperator"])
    }

    @Test(
        "refuses types that no tensor carries, by the tensor's name", arguments: [14, 15, 17, 18, 19, 20, 21, 22, 23])
    func foreignTypes(number: Int) throws {
        let error = try #require(throws: FormatError.self) { try ONNXReader.read(TinyModel.foreignType(number)) }
        #expect(error.code == .unsupported)
        #expect(error.location == "x")
    }

    @Test("steps over weights without reading them")
    func weightsAreSkipped() throws {
        var tensor = ProtobufWriter()
        tensor.varint(1, 1 << 20)
        tensor.varint(2, 1)
        tensor.string(8, "w")
        let weights = 4 << 20
        let source = CountingSource(
            prefix: tensor.bytes, weights: weights, graph: try #require(Self.graphParts()))
        let info = try ONNXReader.read(source)
        #expect(info.initializerByteCount == weights)
        // A few windows of the reader, far less than the 4 MiB of weights.
        #expect(source.bytesRead.value < 256 * 1024)
    }

    private static func graphParts() -> [UInt8]? {
        var builder = ONNXBuilder()
        builder.input("x", .tensor(.float32, []))
        builder.output("y", .tensor(.float32, []))
        builder.node("Identity", ["x"], ["y"])
        return builder.graph()
    }
}
