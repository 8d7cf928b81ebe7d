// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats
import SlipwayTestKit
import Testing

@Suite("Damaged ONNX files")
struct ONNXDamageTests {
    @Test("refuses an empty file")
    func empty() throws {
        let error = try #require(throws: FormatError.self) { try ONNXReader.read([]) }
        #expect(error.code == .truncated)
    }

    @Test("refuses a file cut off anywhere")
    func truncated() throws {
        let whole = TinyModel.add()
        for count in 0..<whole.count {
            let error = try #require(throws: FormatError.self) { try ONNXReader.read(Array(whole[..<count])) }
            #expect(error.category == .invalidInput, "cut at \(count): \(error)")
        }
    }

    @Test("refuses random bytes")
    func random() throws {
        var mutator = Mutator(seeds: [], seed: 7)
        for _ in 0..<500 {
            let bytes = mutator.next()
            #expect(throws: FormatError.self) { try ONNXReader.read(bytes) }
        }
    }

    @Test("refuses a field that claims 10 GB without taking memory for it", arguments: [1, 2, 5, 7, 8, 14])
    func claimedLength(field: Int) throws {
        var writer = ProtobufWriter()
        writer.varint(1, 8)
        writer.claimedLength(field, 10_000_000_000)
        let error = try #require(throws: FormatError.self) { try ONNXReader.read(writer.bytes) }
        #expect(error.code == .truncated || error.code == .malformed)
    }

    @Test("refuses weights whose length reaches past the graph around them")
    func lengthPastParent() throws {
        var writer = ProtobufWriter()
        writer.varint(1, 8)
        writer.message(7) { graph in graph.message(5) { $0.claimedLength(9, 100) } }
        writer.data(6, [UInt8](repeating: 0x20, count: 200))
        let error = try #require(throws: FormatError.self) { try ONNXReader.read(writer.bytes) }
        #expect(error.code == .truncated)
    }

    @Test("refuses dimensions that are negative or overflow", arguments: [[-1], [1 << 62, 4], [1 << 40, 1 << 40]])
    func hugeDimensions(dimensions: [Int]) throws {
        var writer = ProtobufWriter()
        writer.varint(1, 8)
        writer.message(7) { graph in
            graph.message(5) { tensor in
                for extent in dimensions { tensor.varint(1, extent) }
                tensor.varint(2, 1)
                tensor.string(8, "w")
            }
        }
        let error = try #require(throws: FormatError.self) { try ONNXReader.read(writer.bytes) }
        #expect(error.code == .malformed)
        #expect(error.location == "w")
    }

    @Test("refuses types nested deeper than the limit")
    func depth() throws {
        var type = ProtobufWriter()
        for _ in 0..<500 {
            let inner = type.bytes
            type = ProtobufWriter()
            type.message(4) { $0.data(1, inner) }
        }
        let bytes = type.bytes
        var writer = ProtobufWriter()
        writer.varint(1, 8)
        writer.message(7) { graph in graph.message(11) { $0.data(2, bytes) } }
        let error = try #require(throws: FormatError.self) { try ONNXReader.read(writer.bytes) }
        #expect(error.code == .limitExceeded)
    }

    @Test("refuses more than a limit allows")
    func limits() throws {
        var limits = ONNXLimits()
        limits.valueCount = 1
        #expect(throws: FormatError.self) { try ONNXReader.read(TinyModel.add(), limits: limits) }
        limits = ONNXLimits()
        limits.textBytes = 8
        #expect(throws: FormatError.self) { try ONNXReader.read(TinyModel.add(), limits: limits) }
        limits = ONNXLimits()
        limits.operatorKinds = 1
        #expect(throws: FormatError.self) { try ONNXReader.read(TinyModel.zipMap(), limits: limits) }
        limits = ONNXLimits()
        limits.protobuf.fieldCount = 10
        #expect(throws: FormatError.self) { try ONNXReader.read(TinyModel.add(), limits: limits) }
        limits = ONNXLimits()
        limits.classLabels = 2
        #expect(throws: FormatError.self) { try ONNXReader.read(TinyModel.zipMap(.strings), limits: limits) }
        #expect(throws: FormatError.self) { try ONNXReader.read(TinyModel.zipMap(.integers), limits: limits) }
    }

    @Test("refuses two inputs of one name")
    func duplicateNames() throws {
        var builder = ONNXBuilder()
        builder.input("x", .tensor(.float32, []))
        builder.input("x", .tensor(.float32, []))
        builder.output("y", .tensor(.float32, []))
        let error = try #require(throws: FormatError.self) { try ONNXReader.read(builder.model()) }
        #expect(error.location == "x")
    }
}
