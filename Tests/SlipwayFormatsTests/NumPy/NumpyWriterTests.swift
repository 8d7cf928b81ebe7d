// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats
import Testing

@Suite("npy and npz writers")
struct NumpyWriterTests {
    static func samples() throws -> NamedTensors {
        [
            "bool": try Tensor([true, false], shape: [2]),
            "int8": try Tensor([-1, 2] as [Int8], shape: [2, 1]),
            "int64": try Tensor([Int64.min, .max], shape: [1, 2]),
            "uint16": try Tensor([65_535] as [UInt16], shape: []),
            "float16": try Tensor([1.5, -2] as [Float16], shape: [2]),
            "float32": try Tensor([Float.nan, .infinity, -0.0], shape: [3]),
            "float64": try Tensor([Double.pi], shape: [1, 1, 1]),
            "empty": try Tensor([] as [Float], shape: [0, 3]),
            "text": try Tensor(["", "é😀", "abc"], shape: [3]),
        ]
    }

    static func expectEqual(_ one: NamedTensors, _ other: NamedTensors) {
        #expect(one.names == other.names)
        for (left, right) in zip(one, other) {
            #expect(left.tensor.elementType == right.tensor.elementType)
            #expect(left.tensor.shape == right.tensor.shape)
            #expect(Array(left.tensor.storage.bytes) == Array(right.tensor.storage.bytes), "\(left.name)")
        }
    }

    @Test("what is written is read back unchanged")
    func roundTrip() throws {
        for element in try Self.samples() {
            let back = try NumpyReader.read(try NumpyWriter.bytes(of: element.tensor))
            Self.expectEqual([element.name: element.tensor], [element.name: back])
        }
    }

    @Test("an archive keeps names, order and values, packed or not", arguments: [false, true])
    func archive(isCompressed: Bool) throws {
        let tensors = try Self.samples()
        Self.expectEqual(
            tensors, try NumpyArchive.read(try NumpyArchive.bytes(of: tensors, isCompressed: isCompressed)))
    }

    @Test("starts the values at a multiple of 64, as numpy does", arguments: [[], [1], [1, 1, 1], [0, 100_000]])
    func alignment(dimensions: [Int]) throws {
        let shape = Shape(dimensions)
        let count = try #require(shape.elementCount)
        let bytes = try NumpyWriter.bytes(of: Tensor([UInt8](repeating: 1, count: count), shape: shape))
        #expect((bytes.count - count) % 64 == 0)
    }

    @Test("writes bfloat16 as float32")
    func bfloat16() throws {
        let tensor = try Tensor([BFloat16(1.5), BFloat16(-3)], shape: [2])
        #expect(try NumpyReader.read(try NumpyWriter.bytes(of: tensor)).values(as: Float.self) == [1.5, -3])
    }

    @Test("writes bytes that are no text as byte strings")
    func byteStrings() throws {
        let tensor = try Tensor(
            elementType: .bytes, shape: [2], storage: BytesLayout.pack([[0xFF, 0x00, 0x01], [0x41]]))
        let back = try NumpyReader.read(try NumpyWriter.bytes(of: tensor))
        #expect(Array(back.storage.bytes) == Array(tensor.storage.bytes))
    }

    @Test("refuses archives with two arrays of one name, and with other files")
    func badArchives() throws {
        let array = try NumpyWriter.bytes(of: Tensor([1] as [Float], shape: [1]))
        var twice = ZipWriter()
        try twice.add("x.npy", array)
        try twice.add("x.npy", array)
        #expect(throws: FormatError.self) { try NumpyArchive.read(twice.finish()) }
        var other = ZipWriter()
        try other.add("readme.txt", [])
        #expect(throws: FormatError.self) { try NumpyArchive.read(other.finish()) }
    }

    @Test("names the array that cannot be read")
    func damagedArray() throws {
        var writer = ZipWriter()
        try writer.add("x.npy", [1, 2, 3])
        let error = try #require(throws: FormatError.self) { try NumpyArchive.read(writer.finish()) }
        #expect(error.location == "x")
    }
}
