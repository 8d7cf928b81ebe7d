// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats
import SlipwayTestKit
import Testing

@Suite("Weights of an ONNX file")
struct ONNXWeightsTests {
    /// A file with one initializer, written by fields of `TensorProto`.
    private static func model(_ tensor: (inout ProtobufWriter) -> Void) -> [UInt8] {
        var writer = ProtobufWriter()
        writer.varint(1, 8)
        writer.message(7) { graph in
            graph.string(2, "g")
            graph.message(5, tensor)
            graph.string(10, "text after it")
        }
        writer.message(8) { $0.varint(2, 17) }
        return writer.bytes
    }

    private static func content(_ bytes: [UInt8]) throws -> [UInt8] {
        let weights = try ONNXWeights.read(MemorySource(bytes))
        let only = try #require(weights.first)
        #expect(weights.count == 1 && only.name == "w" && only.shape == [2])
        return try only.content.bytes(at: 0, count: only.content.byteCount)
    }

    @Test("raw values are found where they lie")
    func raw() throws {
        let values: [UInt8] = [0, 0, 128, 63, 0, 0, 0, 64]
        let bytes = Self.model {
            $0.varint(1, 2)
            $0.varint(2, 1)
            $0.data(9, values)
            $0.string(8, "w")
        }
        #expect(try Self.content(bytes) == values)
    }

    @Test("values in lists of numbers are packed as their type asks")
    func lists() throws {
        let packed: [UInt8] = [0, 0, 128, 63, 0, 0, 0, 64]
        let floats = Self.model {
            $0.varint(1, 2)
            $0.varint(2, 1)
            $0.string(8, "w")
            $0.data(4, packed)
        }
        #expect(try Self.content(floats) == packed)
        let halves = Self.model {
            $0.varint(1, 2)
            $0.varint(2, 10)
            $0.string(8, "w")
            $0.varint(5, 0x3C00)
            $0.varint(5, 0x4000)
        }
        #expect(try Self.content(halves) == [0, 0x3C, 0, 0x40])
    }

    @Test("texts, missing values and weights in another file are refused by name", arguments: [0, 1, 2])
    func refusals(kind: Int) throws {
        let bytes = Self.model {
            $0.varint(1, 2)
            $0.varint(2, kind == 0 ? 8 : 1)
            $0.string(8, "w")
            if kind == 2 {
                $0.varint(14, 1)
                $0.message(13) {
                    $0.string(1, "location")
                    $0.string(2, "w.bin")
                }
            }
        }
        let error = try #require(throws: FormatError.self) { try ONNXWeights.read(MemorySource(bytes)) }
        #expect(error.code == [.unsupported, .malformed, .missingFile][kind])
    }
}
