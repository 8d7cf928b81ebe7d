// SPDX-License-Identifier: Apache-2.0

import SlipwayControl
import SlipwayCore
import SlipwayFormats
import SlipwayTestKit
import SlipwayWire
import Testing

@Suite("Inputs from files and from the command line")
struct PredictionInputTests {
    private static func spec(
        _ name: String, _ type: ElementType = .float32, _ shape: [Dimension]? = [.symbolic("b"), .fixed(3)],
        isOptional: Bool = false
    ) -> TensorSpec {
        TensorSpec(name: name, elementType: type, shape: shape, isOptional: isOptional)
    }

    private static let three = ModelSignature(inputs: [spec("x")], outputs: [])
    private static let two = ModelSignature(
        inputs: [
            spec("age", .int64, [.symbolic("b"), .fixed(1)]), spec("name", .bytes, [.symbolic("b")]),
            spec("note", .bytes, [.symbolic("b")], isOptional: true),
        ], outputs: [])

    private func read(_ text: String, as name: String, _ signature: ModelSignature) throws -> NamedTensors {
        try read(Array(text.utf8), as: name, signature)
    }

    private func read(_ bytes: [UInt8], as name: String, _ signature: ModelSignature) throws -> NamedTensors {
        let folder = try TemporaryFolder()
        let path = try folder.file(name, bytes)
        return try PredictionInput.file(path).tensors(for: signature)
    }

    @Test(
        "every way to write the same table gives the same tensor",
        arguments: [
            ("a.csv", "1,2,3\n4,5,6\n"), ("a.csv", "f1,f2,f3\r\n1,2,3\r\n4,5,6"),
            ("a.CSV", "1.0,\"2\", 3\n\n4,5e0,6\n"),
            ("a.csv", " 1, 2, 3\n 4, 5, 6\n"),
            ("a.json", #"{"inputs":[{"name":"x","shape":[2,3],"datatype":"FP32","data":[1,2,3,4,5,6]}]}"#),
            ("a.json", #"{"data":[[1,2,3],[4,5,6]]}"#), ("a.json", #" { "instances" : [[1,2,3],[4,5,6]] }"#),
            ("a.json", "\n [[1,2,3],[4,5,6]]"),
        ])
    func table(name: String, text: String) throws {
        let tensors = try read(text, as: name, Self.three)
        #expect(tensors.names == ["x"])
        #expect(tensors["x"]?.shape == [2, 3])
        #expect(tensors["x"]?.values(as: Float.self) == [1, 2, 3, 4, 5, 6])
        try Self.three.check(tensors)
    }

    @Test("npy and npz give their arrays")
    func numpy() throws {
        let tensor = try Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3])
        let one = try read(try NumpyWriter.bytes(of: tensor), as: "a.npy", Self.three)
        #expect(one["x"]?.values(as: Float.self) == [1, 2, 3, 4, 5, 6])
        #expect(one["x"]?.shape == [2, 3])
        let many = try read(try NumpyArchive.bytes(of: ["x": tensor, "z": tensor]), as: "a.npz", Self.three)
        #expect(many.names == ["x", "z"])
    }

    @Test("columns are inputs where the heads are their names, in any order, others left out")
    func columns() throws {
        let tensors = try read("name,extra,age\nAnna,9,41\n\"von B, Bo\",8,7\n", as: "a.csv", Self.two)
        #expect(tensors.names == ["age", "name"])
        #expect(tensors["age"]?.values(as: Int64.self) == [41, 7])
        #expect(tensors["age"]?.shape == [2, 1])
        #expect(tensors["name"]?.strings == ["Anna", "von B, Bo"])
        #expect(tensors["name"]?.shape == [2])
        let noted = try read("name,age,note\nAnna,41,\n", as: "a.csv", Self.two)
        #expect(noted["note"]?.strings == [""])
    }

    @Test("a table without heads is not cut for a model of strings")
    func strings() throws {
        let signature = ModelSignature(inputs: [Self.spec("t", .bytes, [.symbolic("b")])], outputs: [])
        #expect(try read("one\ntwo\n", as: "a.csv", signature)["t"]?.strings == ["one", "two"])
        #expect(try read("t\ntwo\n", as: "a.csv", signature)["t"]?.strings == ["two"])
    }

    @Test(
        "values take the input's shape",
        arguments: [
            ([.symbolic("b"), .fixed(3)], "1,2,3", [1, 3]), ([.symbolic("b"), .fixed(3)], "1,2,3,4,5,6", [2, 3]),
            ([.fixed(3)], "1,2,3", [3]), ([.dynamic], "1,2", [2]), (nil, "1,2", [2]), ([], "7", []),
            ([.fixed(1), .dynamic, .fixed(2)], "1,2,3,4", [1, 2, 2]), ([.dynamic, .dynamic], "1,2,3", [1, 3]),
        ] as [([Dimension]?, String, [Int])])
    func values(shape: [Dimension]?, text: String, expected: [Int]) throws {
        let signature = ModelSignature(inputs: [Self.spec("x", .float32, shape)], outputs: [])
        let tensors = try PredictionInput.values(["x=\(text)"]).tensors(for: signature)
        #expect(tensors["x"]?.shape == Shape(expected))
        #expect(tensors["x"]?.values(as: Float.self) == text.split(separator: ",").compactMap { Float($0) })
    }

    @Test("values of every type are read", arguments: ElementType.allCases)
    func types(type: ElementType) throws {
        let signature = ModelSignature(inputs: [Self.spec("x", type, [.dynamic])], outputs: [])
        let text = type == .bool ? "true,false" : "1,0"
        let tensor = try PredictionInput.values(["x=\(text)"]).tensors(for: signature)["x"]
        #expect(tensor?.elementType == type)
        #expect(tensor?.shape == [2])
        switch type {
        case .bytes: #expect(tensor?.strings == ["1", "0"])
        case .float16: #expect(tensor?.values(as: Float16.self) == [1, 0])
        case .bfloat16: #expect(tensor?.values(as: BFloat16.self)?.map(\.float) == [1, 0])
        default: break
        }
    }

    @Test("a string may hold what would end JSON")
    func quoting() throws {
        let signature = ModelSignature(inputs: [Self.spec("t", .bytes, [.dynamic])], outputs: [])
        let text = "a\"]}\\,=,\u{1}ü"
        let tensor = try PredictionInput.values(["t=\(text)"]).tensors(for: signature)["t"]
        #expect(tensor?.strings == ["a\"]}\\", "=", "\u{1}ü"])
    }

    @Test(
        "refuses values that do not fit, naming the input",
        arguments: [
            "x", "", "y=1", "x=", "x=a", "x=1,,3", "x=1,2,abc", "x=1]}", "x=1 2,3,4", "x=0x1,2,3", "x=1e,2,3",
            "x=--1,2,3",
            "x=true,2,3", "x=1", "x=1,2", "x=1,2,3,4",
        ])
    func badValues(text: String) throws {
        expectInvalid { _ = try PredictionInput.values([text]).tensors(for: Self.three) }
    }

    @Test("refuses an input given twice")
    func twice() {
        expectInvalid { _ = try PredictionInput.values(["x=1,2,3", "x=4,5,6"]).tensors(for: Self.three) }
    }

    @Test("integers must be whole and in range", arguments: ["x=1.5", "x=256", "x=-1", "x=1e3"])
    func integers(text: String) {
        let signature = ModelSignature(inputs: [Self.spec("x", .uint8, [.dynamic])], outputs: [])
        expectInvalid { _ = try PredictionInput.values([text]).tensors(for: signature) }
    }

    @Test(
        "refuses files that hold something else",
        arguments: [
            ("a.csv", ""), ("a.csv", "1,2,3\n4,5\n"), ("a.csv", "1,2,abc\n"), ("a.csv", "\"1,2,3\n"), ("a.json", ""),
            ("a.json", "{"), ("a.json", "[[1,2,3],[4]]"), ("a.json", "null"), ("a.json", #"{"data":[["a"]]}"#),
            ("a.json", #"{"inputs":[{"name":"x","shape":[9],"datatype":"FP32","data":[1]}]}"#), ("a.npy", "NUMPY"),
            ("a.npz", "PK"), ("a.txt", "1,2,3"), ("a", "1,2,3"),
        ])
    func badFiles(name: String, text: String) throws {
        expectInvalid { _ = try read(text, as: name, Self.three) }
    }

    @Test("a table for several inputs must have a column for each")
    func missingColumn() throws {
        let error = #expect(throws: ControlError.self) { try read("age,x\n1,2\n", as: "a.csv", Self.two) }
        #expect(error?.message.contains("'name'") == true)
    }

    @Test("tells that there is no such file, or that it is a folder", arguments: ["/nowhere/a.csv", "/tmp"])
    func noFile(path: String) {
        let error = #expect(throws: ControlError.self) { try PredictionInput.file(path).tensors(for: Self.three) }
        #expect(error?.category == .notFound)
    }

    private func expectInvalid(_ body: () throws -> Void, sourceLocation: SourceLocation = #_sourceLocation) {
        do {
            try body()
            Issue.record("nothing was refused", sourceLocation: sourceLocation)
        } catch let error as any SlipwayError {
            #expect([.invalidInput, .unsupported].contains(error.category), "\(error)", sourceLocation: sourceLocation)
        } catch {
            Issue.record("not an error of the house: \(error)", sourceLocation: sourceLocation)
        }
    }
}
