// SPDX-License-Identifier: Apache-2.0

import SlipwayClient
import SlipwayCore
import Testing

@Suite struct SampleInputsTests {
    private func metadata(_ shape: [Int], _ type: ElementType = .float32) -> EndpointMetadata {
        EndpointMetadata(
            name: "m", versions: nil, platform: nil, inputs: [.init(name: "x", datatype: type, shape: shape)],
            outputs: [])
    }

    @Test("open extents are 1 unless a shape is given")
    func extents() throws {
        var plain = SampleInputs()
        #expect(try plain.tensors(for: metadata([-1, 3, -1]))["x"]?.shape == [1, 3, 1])
        var shaped = SampleInputs(shapes: ["x": [4, 3, 2]])
        #expect(try shaped.tensors(for: metadata([-1, 3, -1]))["x"]?.shape == [4, 3, 2])
    }

    @Test("every element type is filled, the same for the same seed", arguments: ElementType.allCases)
    func types(type: ElementType) throws {
        var first = SampleInputs(seed: 5)
        var again = SampleInputs(seed: 5)
        let tensor = try #require(try first.tensors(for: metadata([64], type))["x"])
        let twin = try #require(try again.tensors(for: metadata([64], type))["x"])
        #expect(tensor.elementType == type)
        #expect(tensor.count == 64)
        #expect(tensor.storage.bytes.elementsEqual(twin.storage.bytes))
        #expect(tensor.storage.bytes.contains { $0 != 0 })
    }

    @Test("zero content is zero")
    func zero() throws {
        var inputs = SampleInputs(content: .zero)
        #expect(try inputs.tensors(for: metadata([5]))["x"]?.values(as: Float.self) == [0, 0, 0, 0, 0])
        #expect(try inputs.tensors(for: metadata([2], .bytes))["x"]?.strings == ["", ""])
    }

    @Test(
        "shapes that do not fit are refused",
        arguments: [
            ["x": [4, 5, 2]], ["x": [4, 3]], ["y": [1, 3, 1]], ["x": [1 << 40, 3, 1]],
        ] as [[String: Shape]])
    func contradictions(shapes: [String: Shape]) {
        var inputs = SampleInputs(shapes: shapes)
        #expect(throws: ClientError.self) { try inputs.tensors(for: metadata([-1, 3, -1])) }
    }

    @Test("reads the shape option")
    func option() throws {
        let (name, shape) = try SampleInputs.parseShape("a:b:1,16")
        #expect(name == "a:b")
        #expect(shape == [1, 16])
        for text in ["", "x", ":1", "x:", "x:1,,2", "x:-1", "x:1,a"] {
            #expect(throws: ClientError.self) { try SampleInputs.parseShape(text) }
        }
    }
}
