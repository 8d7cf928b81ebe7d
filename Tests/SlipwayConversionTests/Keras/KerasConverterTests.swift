// SPDX-License-Identifier: Apache-2.0

import SlipwayConversion
import SlipwayCore
import SlipwayFormats
import SlipwayTestKit
import Testing

/// What the graphs compute is compared with Keras in Tests/Interop/test_convert_keras.py.
@Suite("Keras models as ONNX")
struct KerasConverterTests {
    /// A model that Keras wrote; see Tests/Fixtures/FIXTURES.md.
    private func fixture(_ name: String, _ here: String = #filePath) throws -> [UInt8] {
        let tests = here.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        let zip = try ZipReader(try FileSource(path: "\(tests)/Fixtures/conversion/keras/models.zip"))
        return try #require(try zip.read(named: name))
    }

    private func convert(_ bytes: [UInt8], as name: String, _ type: ElementType? = nil) throws -> ConvertedModel {
        try KerasConverter.convert(
            MemorySource(bytes), format: name.hasSuffix(".keras") ? .keras : .hdf5,
            options: ConversionOptions(inputType: type))
    }

    private func convert(_ name: String, _ type: ElementType? = nil) throws -> ConvertedModel {
        try convert(try fixture(name), as: name, type)
    }

    @Test(
        "files of every layer family become models that are read again",
        arguments: [
            "activations.keras", "activations.keras2.h5", "adaptive.keras", "attention.keras", "attention.keras2.h5",
            "channels_first.keras", "conv1d.keras", "conv1d.keras2.h5", "conv2d.keras", "conv2d.keras2.h5",
            "conv3d.keras", "directions.keras2.h5", "gates.keras",
            "gates.keras2.h5", "masked.keras", "merging.keras",
            "masked.keras2.h5", "masked_attention.keras2.h5", "stepwise.keras", "nested.h5", "nested.keras",
            "nested.keras2.h5", "normalized.keras",
            "open_size.keras", "prepared.keras", "prepared.keras2.h5", "products.keras", "recurrent.h5",
            "recurrent.keras", "recurrent.keras2.h5", "scaled.keras", "sequential.keras", "sequential.keras2.h5",
            "thresholds.keras", "transposed.keras", "windows.keras", "windows.keras2.h5",
        ])
    func converts(name: String) throws {
        let model = try convert(name)
        let again = try ONNXReader.read(try model.file.bytes())
        #expect(again.signature.inputs.map(\.name) == model.file.graph.inputs.map(\.name))
        #expect(again.signature.outputs.map(\.name) == model.file.graph.outputs.map(\.name))
        #expect(model.report.framework == (name.hasSuffix("keras2.h5") ? "Keras 2.21.0" : "Keras 3.15.1"))
        #expect(!model.report.steps.isEmpty)
        // Each value is made before it is used, and once.
        var made = Set(model.file.graph.inputs.map(\.name) + model.file.graph.initializers.map(\.name))
        for node in model.file.graph.nodes {
            #expect(made.isSuperset(of: node.inputs.filter { !$0.isEmpty }), "\(node.name)")
            for output in node.outputs { #expect(made.insert(output).inserted, "\(output)") }
        }
        #expect(made.isSuperset(of: model.file.graph.outputs.map(\.name)))
    }

    @Test("inputs and outputs keep the names, types and shapes of their layers")
    func names() throws {
        let nested = try convert("nested.keras").file.graph
        #expect(nested.inputs.map(\.name) == ["left", "right"])
        #expect(nested.outputs.map(\.name) == ["difference", "deep_model", "shared_too"])
        #expect(nested.outputs.map(\.shape) == [3, 2, 2].map { [GraphBuilder.batch, .fixed($0)] })
        let tokens = try convert("attention.keras").file.graph
        #expect(tokens.inputs.map(\.elementType) == [.int32])
        let picture = try convert("open_size.keras").file.graph
        #expect(picture.inputs.first?.shape == [GraphBuilder.batch, .dynamic, .dynamic, .fixed(2)])
        // An inner node of ONNX has this name, too.
        #expect(try convert("merging.keras").file.graph.outputs.map(\.name) == ["add"])
    }

    @Test("another input type is cast first")
    func inputType() throws {
        let graph = try convert("sequential.keras", .float64).file.graph
        #expect(graph.inputs.map(\.elementType) == [.float64])
        #expect(graph.nodes.first?.operation == "Cast")
    }

    @Test("the order of axes is changed at the edges of convolutions only")
    func transposes() throws {
        let graph = try convert("sequential.keras").file.graph
        // One before the convolution, one before the values are flattened.
        #expect(graph.nodes.count { $0.operation == "Transpose" } == 2)
    }

    @Test(
        "what is not converted is refused with the layer's name and a way out",
        arguments: [
            ("lambda.keras", "Lambda", "'twice' (Lambda)"), ("stateful.keras", "stateful", "'reader' (LSTM)"),
            ("convlstm.keras", "ConvLSTM2D", "'film' (ConvLSTM2D)"), ("hashing.keras", "before the model", "'hash'"),
            ("operation.keras", "Sin", "(Sin)"), ("only.weights.h5", "architecture is missing", "model_config"),
        ])
    func refuses(name: String, word: String, place: String) throws {
        let error = #expect(throws: ConversionError.self) { try convert(name) }
        #expect(error?.code == .unsupported)
        #expect(error?.message.contains(word) == true)
        #expect(error?.location?.contains(place) == true)
    }

    @Test("a layer that Keras does not have is refused by its class")
    func unknownLayer() throws {
        // Of the same length, so that all places in the file stay as they are.
        var bytes = try fixture("sequential.keras2.h5")
        let (old, new) = (Array("SpatialDropout2D".utf8), Array("SpatialSurprise0".utf8))
        let start = try #require(bytes.indices.dropLast(16).first { bytes[$0..<($0 + 16)].elementsEqual(old) })
        bytes.replaceSubrange(start..<(start + 16), with: new)
        let error = #expect(throws: ConversionError.self) { try convert(bytes, as: "x.h5") }
        #expect(error?.message.contains("SpatialSurprise0") == true)
        #expect(error?.location?.contains("layers[3]") == true)
    }

    @Test("damaged models are refused or converted, never a trap", arguments: ["nested.keras2.h5", "recurrent.keras"])
    func damaged(name: String) throws {
        let seed = try fixture(name)
        var tried = 0
        try mutate(seeds: [seed], iterations: 200, seed: 5) { bytes in
            tried += 1
            _ = try convert(bytes, as: name)
        }
        #expect(tried == 200)
    }
}
