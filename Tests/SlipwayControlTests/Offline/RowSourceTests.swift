// SPDX-License-Identifier: Apache-2.0

import SlipwayControl
import SlipwayCore
import SlipwayFormats
import SlipwayTestKit
import Testing

@Suite("Rows of data sets")
struct RowSourceTests {
    private static func spec(_ name: String, _ type: ElementType, _ shape: [Dimension]) -> TensorSpec {
        TensorSpec(name: name, elementType: type, shape: shape)
    }

    private static let two = ModelSignature(
        inputs: [
            spec("a", .float32, [.symbolic("b"), .fixed(2)]), spec("s", .bytes, [.symbolic("b"), .fixed(1)]),
        ], outputs: [])
    private static let one = ModelSignature(inputs: [spec("x", .float32, [.symbolic("b"), .fixed(2)])], outputs: [])

    private func block(
        _ text: String, _ format: DataFormat, _ signature: ModelSignature, keep: [String] = []
    ) throws -> any RowBlock {
        var rows = try format.open(MemorySource(Array(text.utf8)), for: signature, keep: keep)
        return try #require(try rows.next(100, byteCount: .max))
    }

    private func fixture(_ signature: ModelSignature, keep: [String] = []) throws -> any RowSource {
        let tests = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
        let path = tests.joined(separator: "/") + "/Fixtures/arrow/file.arrow"
        return try DataFormat.arrow.open(try FileSource(path: path), for: signature, keep: keep)
    }

    @Test(
        "JSON lines of every form give rows of the only input",
        arguments: [
            "[1,2]\n[3,4]", "{\"x\":[1,2]}\n{\"id\":\"}\",\"x\":[3,4]}",
            "{\"data\":[[1,2]]}\n{\"instances\": [ [3,4] ]}",
            "{\"instances\":[{\"x\":[1,2]}]}\r\n {\"x\": [3, 4]} \n",
        ])
    func forms(text: String) throws {
        let tensors = try block(text, .jsonLines, Self.one).tensors(0..<2)
        #expect(tensors["x"]?.values(as: Float.self) == [1, 2, 3, 4])
        #expect(tensors["x"]?.shape == [2, 2])
    }

    @Test("objects give several inputs, and what is kept stays as it was written")
    func objects() throws {
        let text = #"{"s":["é\n"],"k":{"n":[1, 2]},"a":[1,2]}"# + "\n" + #"{"a":[3,4],"k":null,"s":["\""]}"#
        let block = try block(text, .jsonLines, Self.two, keep: ["k"])
        let tensors = try block.tensors(0..<2)
        #expect(tensors["a"]?.values(as: Float.self) == [1, 2, 3, 4])
        #expect(tensors["s"]?.strings == ["é\n", "\""])
        #expect(try block.kept(0, 0) == .json(Array(#"{"n":[1, 2]}"#.utf8)))
        #expect(try block.kept(1, 0) == .json(Array("null".utf8)))
    }

    @Test(
        "lines that only together are JSON are refused, and so are lines of no or two rows",
        arguments: [
            "[1,2],[3\n4]", "[1,2\n],[3,4]", "1],[2\n[3,4]", "[1,2],[3,4]", "{\"data\":[[1,2],[3,4]]}", "{\"data\":[]}",
            "{\"x\":[1,2]", "{\"x\":[1,2]}}", "\"", "{\"x\"}", "[1,2}", "{", "{}", "{\"y\":[1,2]}", "[\"a\",2]",
        ])
    func malformed(text: String) throws {
        let block = try block(text + "\n[5,6]", .jsonLines, Self.one)
        #expect(throws: (any Error).self) { try block.tensors(0..<block.count) }
        #expect(throws: (any Error).self) { try block.tensors(0..<1) }
        #expect(try block.tensors((block.count - 1)..<block.count)["x"]?.values(as: Float.self) == [5, 6])
    }

    @Test(
        "what is kept of a JSON line must be JSON",
        arguments: ["tru", "01", "[1,]", "{\"a\"}", "{\"a\":}", "[1}", "\"\\x\"", "\"\t\"", "x"])
    func keptText(value: String) throws {
        let text = "{\"x\":[1,2],\"id\":\(value)}\n{\"x\":[3,4],\"id\":{\"a\":[true,\"b\"]}}"
        let block = try block(text, .jsonLines, Self.one, keep: ["id"])
        let error = #expect(throws: ControlError.self) { try block.kept(0, 0) }
        #expect(error?.category == .invalidInput)
        #expect(try block.kept(1, 0) == .json(Array("{\"a\":[true,\"b\"]}".utf8)))
    }

    @Test("kept CSV columns are no features, and stay text")
    func keptColumns() throws {
        let block = try block("p,id,q\n1,\"a,1\",2\n3,b,4\n", .csv, Self.one, keep: ["id"])
        #expect(try block.tensors(0..<2)["x"]?.values(as: Float.self) == [1, 2, 3, 4])
        #expect(try block.kept(0, 0) == .text(Array("a,1".utf8)))
        #expect(block.line(of: 1) == 3)
    }

    @Test("a damaged or ragged CSV row fails alone")
    func ragged() throws {
        let block = try block("1,2\n3\n\"5\"x,6\n7,8\n", .csv, Self.one)
        for row in [1, 2] { #expect(throws: ControlError.self) { try block.tensors(row..<(row + 1)) } }
        #expect(try block.tensors(3..<4)["x"]?.values(as: Float.self) == [7, 8])
    }

    @Test("Arrow columns become inputs, converted where nothing is lost")
    func arrow() throws {
        let signature = ModelSignature(
            inputs: [
                Self.spec("fixed", .float64, [.symbolic("b"), .fixed(1), .fixed(2)]),
                Self.spec("last", .int16, [.symbolic("b"), .fixed(1)]), Self.spec("kind", .bytes, [.symbolic("b")]),
            ], outputs: [])
        var rows = try fixture(signature, keep: ["id", "i8"])
        let block = try #require(try rows.next(100, byteCount: .max))
        // The file's first batch.
        #expect(block.count == 3)
        let tensors = try block.tensors(1..<3)
        #expect(tensors["fixed"]?.values(as: Double.self) == [3, 4, 5, 6])
        #expect(tensors["fixed"]?.shape == [2, 1, 2])
        #expect(tensors["last"]?.values(as: Int16.self) == [20, 30])
        #expect(tensors["last"]?.shape == [2, 1])
        #expect(tensors["kind"]?.strings == ["blue", "red"])
        #expect(try block.kept(0, 0) == .text(Array("a".utf8)))
        #expect(try block.kept(2, 0) == .json(Array("null".utf8)))
        #expect(try block.kept(0, 1) == .json(Array("-1".utf8)))
    }

    @Test("a null that no NaN stands for names column and row; a value that does not fit is refused")
    func arrowRefusals() throws {
        let texts = ModelSignature(inputs: [Self.spec("kind", .bytes, [.symbolic("b")])], outputs: [])
        var rows = try fixture(texts)
        #expect(try rows.skip(3) == 3)
        let block = try #require(try rows.next(100, byteCount: .max))
        let error = #expect(throws: ControlError.self) { try block.tensors(0..<2) }
        #expect(error?.message.contains("'kind'") == true && error?.message.contains("row 3") == true)
        #expect(try block.tensors(1..<2)["kind"]?.strings == ["blue"])
        for type in [ElementType.int8, .float32, .bool, .bytes] {
            let wide = ModelSignature(inputs: [Self.spec("u64", type, [.symbolic("b")])], outputs: [])
            var rows = try fixture(wide)
            #expect(try rows.skip(3) == 3)
            let block = try #require(try rows.next(100, byteCount: .max))
            // 4 and 2^63: the last fits a float, for it is a power of two.
            if type == .float32 {
                #expect(try block.tensors(0..<2)["u64"]?.values(as: Float.self) == [4, 0x1p63])
            } else {
                #expect(throws: ControlError.self) { try block.tensors(0..<2) }
            }
        }
    }

    @Test("missing columns are named, with those that are there", arguments: [DataFormat.csv, .arrow])
    func missing(format: DataFormat) throws {
        let error = #expect(throws: ControlError.self) {
            if format == .arrow { return try fixture(Self.two) }
            return try DataFormat.csv.open(MemorySource(Array("a,b\n1,2\n".utf8)), for: Self.two)
        }
        #expect(error?.message.contains("no column '\(format == .arrow ? "a" : "s")'") == true)
    }
}
