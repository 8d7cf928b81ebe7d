// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayWire
import Testing

@Suite("Bad V2 requests are refused with a clear error")
struct V2BadInputTests {
    struct Refusal: CustomTestStringConvertible {
        let body: String
        let words: String
        var testDescription: String { String(body.prefix(60)) + " -> " + words }

        init(_ body: String, _ words: String) {
            self.body = body
            self.words = words
        }
    }

    private static let head = #"{"inputs":[{"name":"x","datatype":"FP32","#
    private static let good = oneInput(.float32, "[1]", "[1]").dropLast(2)

    private static let documents = [
        Refusal("", "empty"),
        Refusal("   ", "empty"),
        Refusal("null", "ends before"),
        Refusal("[]", "expected an object"),
        Refusal("{}", "Unable to parse 'inputs'"),
        Refusal(#"{"inputs":[}"#, "got '}'"),
        Refusal(#"{"inputs":[]}}"#, "the end of the document"),
        Refusal(#"{"inputs":[],}"#, "a member's name"),
        Refusal(#"{"inputs":[] "id":"a"}"#, "',' or '}'"),
        Refusal(#"{"inputs" []}"#, "':'"),
        Refusal(#"{"inputs":{}}"#, "Unable to parse 'inputs'"),
        Refusal(#"{"inputs":[],"inputs":[]}"#, "occurs twice"),
        Refusal(#"{"inputs":[],"id":5}"#, "Unable to parse 'id'"),
        Refusal(#"{"inputs":[],"id":"\q"}"#, "a known escape"),
        Refusal(#"{"inputs":[],"id":"\ud800"}"#, "surrogate"),
        Refusal(#"{"inputs":[],"id":"\udc00"}"#, "surrogate"),
        Refusal("{\"inputs\":[],\"id\":\"a\nb\"}", "control character"),
        Refusal(#"{"inputs":[],"z":nul}"#, "a value"),
        Refusal(#"{"inputs":[],"z":[1,]}"#, "a value"),
        Refusal(#"{"inputs":[],"z":{"a":1,}}"#, "a member's name"),
        Refusal(#"{"inputs":[],"z":[1}}"#, "',' or ']'"),
        Refusal(#"{"inputs":[],"z":"unfinished}"#, "at the end of the string"),
    ]

    private static let parameters = [
        Refusal(#"{"inputs":[],"parameters":[]}"#, "expected an object"),
        Refusal(#"{"inputs":[],"parameters":{"a":null}}"#, "parameter 'a' has invalid type"),
        Refusal(#"{"inputs":[],"parameters":{"a":[1]}}"#, "parameter 'a' has invalid type"),
        Refusal(#"{"inputs":[],"parameters":{"a":1,"a":2}}"#, "occurs twice"),
        Refusal(#"{"inputs":[],"parameters":{"a":1e999}}"#, "a number"),
        Refusal(#"{"inputs":[],"parameters":{"timeout":-1}}"#, "Unable to parse 'timeout'"),
        Refusal(#"{"inputs":[],"parameters":{"timeout":"1"}}"#, "Unable to parse 'timeout'"),
        Refusal(#"{"inputs":[],"parameters":{"priority":1.5}}"#, "Unable to parse 'priority'"),
        Refusal(#"{"inputs":[],"parameters":{"binary_data_output":1}}"#, "Unable to parse 'binary_data_output'"),
        Refusal(#"{"inputs":[],"parameters":{"triton_x":1}}"#, "reserved"),
        Refusal(#"{"inputs":[],"outputs":[{}]}"#, "Unable to parse 'name'"),
        Refusal(#"{"inputs":[],"outputs":[{"name":"y"},{"name":"y"}]}"#, "already requested"),
        Refusal(#"{"inputs":[],"outputs":[{"name":"y","parameters":{"binary_data":1}}]}"#, "'binary_data'"),
        Refusal(#"{"inputs":[],"outputs":[{"name":"y","parameters":{"classification":-1}}]}"#, "'classification'"),
    ]

    private static let inputs = [
        Refusal(head + #""shape":[1]}]}"#, "no field is set"),
        Refusal(head + #""shape":[1],"data":[1],"parameters":{"binary_data_size":4}}]}"#, "set 'data' 'binary_data"),
        Refusal(head + #""data":[1]}]}"#, "Unable to parse 'shape'"),
        Refusal(#"{"inputs":[{"name":"x","shape":[1],"data":[1]}]}"#, "Unable to parse 'datatype'"),
        Refusal(#"{"inputs":[{"datatype":"FP32","shape":[1],"data":[1]}]}"#, "Unable to parse 'name'"),
        Refusal(#"{"inputs":[{"name":"x","datatype":"FLOAT","shape":[1],"data":[1]}]}"#, "expected one of BOOL"),
        Refusal(#"{"inputs":[{"name":"x","name":"y"}]}"#, "occurs twice"),
        Refusal(good + "," + good.dropFirst(11) + "]}", "already exists"),
        Refusal(oneInput(.float16, "[1]", "[1]"), "receiving FP16 data via JSON is not supported"),
        Refusal(oneInput(.bfloat16, "[1]", "[1]"), "receiving BF16 data via JSON is not supported"),
        Refusal(head + #""shape":[4],"parameters":{"binary_data_size":16}}]}"#, "Inference-Header-Content-Length"),
    ]

    private static let shapes = [
        Refusal(oneInput(.float32, "[-1]", "[1]"), "Unable to parse 'shape'"),
        Refusal(oneInput(.float32, "[1.0]", "[1]"), "Unable to parse 'shape'"),
        Refusal(oneInput(.float32, "[\"1\"]", "[1]"), "Unable to parse 'shape'"),
        Refusal(oneInput(.float32, "5", "[1]"), "Unable to parse 'shape'"),
        Refusal(oneInput(.float32, "[9223372036854775808]", "[1]"), "Unable to parse 'shape'"),
        Refusal(oneInput(.float32, "[9223372036854775807,9223372036854775807]", "[1]"), "memory can address"),
        Refusal(oneInput(.float32, "[4611686018427387904]", "[1]"), "memory can address"),
        Refusal(oneInput(.float32, "[100000000000]", "[1]"), "too short for shape [100000000000]"),
        Refusal(oneInput(.bytes, "[100000000000]", "[\"a\"]"), "too short for shape"),
        Refusal(oneInput(.float32, "[" + String(repeating: "1,", count: 70) + "1]", "[1]"), "at most 64 dimensions"),
        Refusal(oneInput(.float32, "[3]", "[1,2]"), "expected 3 elements, got 2"),
        Refusal(oneInput(.float32, "[2]", "[1,2,3]"), "expected 2 elements, got more"),
        Refusal(oneInput(.float32, "[2]", "[]"), "expected 2 elements, got 0"),
        Refusal(oneInput(.float32, "[0]", "[1]"), "expected no element"),
        Refusal(oneInput(.float32, "[2,2]", "[[1,2],[3]]"), "expected 2 elements, got 1"),
        Refusal(oneInput(.float32, "[2,2]", "[[1,2],[3,4,5]]"), "expected 2 elements, got more"),
        Refusal(oneInput(.float32, "[2,2]", "[[1,2]]  "), "expected 2 elements, got 1"),
        Refusal(oneInput(.float32, "[2,2]", "[[1,2],[3,4],[5,6]]"), "expected 2 elements, got more"),
        Refusal(oneInput(.float32, "[2,2]", "[[1,2],3]"), "does not follow the shape"),
        Refusal(oneInput(.float32, "[2,2]", "[[1,2],[[3,4]]]"), "nested deeper than the shape"),
        Refusal(oneInput(.float32, "[4]", "[[1,2],[3,4]]"), "nested 2 deep"),
        Refusal(oneInput(.float32, "[2]", "1"), "nested 0 deep"),
    ]

    private static let values = [
        Refusal(oneInput(.float32, "[1]", "[1e999]"), "out of the range of FP32"),
        Refusal(oneInput(.float32, "[1]", "[1e39]"), "out of the range of FP32"),
        Refusal(oneInput(.float32, "[1]", "[\"1\"]"), "got a string"),
        Refusal(oneInput(.float32, "[1]", "[null]"), "got null"),
        Refusal(oneInput(.float32, "[1]", "[true]"), "got a boolean"),
        Refusal(oneInput(.float32, "[1]", "[{}]"), "got an object"),
        Refusal(oneInput(.float32, "[1]", "[Nan]"), "no number"),
        Refusal(oneInput(.float32, "[2]", "[1,]"), "a number after ','"),
        Refusal(oneInput(.float32, "[2]", "[1;2]"), "',' or ']'"),
        Refusal(oneInput(.int8, "[1]", "[128]"), "out of the range of INT8"),
        Refusal(oneInput(.int32, "[1]", "[1.0]"), "expected a whole number"),
        Refusal(oneInput(.int32, "[1]", "[1e2]"), "expected a whole number"),
        Refusal(oneInput(.int32, "[1]", "[NaN]"), "no number"),
        Refusal(oneInput(.bool, "[1]", "[2]"), "expected true or false"),
        Refusal(oneInput(.bool, "[1]", "[\"true\"]"), "expected true or false"),
        Refusal(oneInput(.bytes, "[1]", "[1]"), "expected a string"),
    ]

    @Test(
        "the error is the caller's and names the cause",
        arguments: documents + parameters + inputs + shapes + values)
    func refused(_ refusal: Refusal) throws {
        let error = try #require(SlipwayWireTests.refusal { _ = try decodeV2(refusal.body) })
        #expect(error.category == .invalidInput)
        #expect(error.description.contains(refusal.words), "\(error)")
    }

    @Test("the same errors come when the data stands before type and shape")
    func dataFirst() throws {
        let bodies = [
            (#"{"inputs":[{"data":[1,2],"name":"x","datatype":"FP32","shape":[3]}]}"#, "expected 3 elements, got 2"),
            (#"{"inputs":[{"data":[1,[2]],"name":"x","datatype":"FP32","shape":[2]}]}"#, "deeper than the shape"),
            (#"{"inputs":[{"data":[1,],"name":"x","datatype":"FP32","shape":[2]}]}"#, "a value"),
        ]
        for (body, words) in bodies {
            let error = try #require(refusal { _ = try decodeV2(body) })
            #expect(error.description.contains(words), "\(error)")
            #expect(error.location?.hasPrefix("inputs[0].data, byte ") == true)
        }
    }

    @Test("deep nesting is refused wherever it is", arguments: ["id", "inputs", "parameters", "other"])
    func deepNesting(key: String) throws {
        let depth = 10_000
        let deep = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        let error = try #require(refusal { _ = try decodeV2("{\"\(key)\":\(deep)}") })
        #expect(error.category == .invalidInput)
        let data = try #require(refusal { _ = try decodeV2(oneInput(.float32, "[1]", deep)) })
        #expect(data.code == .invalidTensor)
        let objects = String(repeating: "{\"a\":", count: depth) + "1" + String(repeating: "}", count: depth)
        #expect(refusal { _ = try decodeV2("{\"x\":\(objects)}") }?.code == .tooDeep)
    }

    @Test("what would take long to compare is refused by its number")
    func tooMany() throws {
        let outputs = (0...4096).map { "{\"name\":\"\($0)\"}" }.joined(separator: ",")
        let many = try #require(refusal { _ = try decodeV2("{\"inputs\":[],\"outputs\":[\(outputs)]}") })
        #expect(many.message.contains("at most 4096"))
        let keys = (0...64).map { "\"\($0)\":1" }.joined(separator: ",")
        let wide = try #require(refusal { _ = try decodeV2("{\(keys)}") })
        #expect(wide.message.contains("at most 64 keys"))
    }

    @Test("64 levels are read, 65 are not")
    func depthLimit() throws {
        func nested(_ levels: Int) -> String {
            "{\"inputs\":[],\"x\":" + String(repeating: "[", count: levels - 1)
                + String(repeating: "]", count: levels - 1) + "}"
        }
        #expect(try decodeV2(nested(64)).inference.inputs.isEmpty)
        #expect(refusal { _ = try decodeV2(nested(65)) }?.code == .tooDeep)
    }

    @Test(
        "text that is not UTF-8 is refused",
        arguments: [
            [0xFF], [0x80], [0xC0, 0x80], [0xC3], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xF0, 0x80, 0x80, 0x80],
            [0xF4, 0x90, 0x80, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80], [0xE2, 0x82],
        ] as [[UInt8]])
    func invalidUTF8(bytes: [UInt8]) throws {
        let body =
            Array(#"{"inputs":[{"name":"x","datatype":"BYTES","shape":[1],"data":["aaaaaaaaa"#.utf8) + bytes
            + Array("bbbbbbbb\"]}]}".utf8)
        let error = try #require(
            refusal { _ = try body.withUnsafeBytes { try V2InferDecoder(endpoint: "m").decode($0) } })
        #expect(error.message.contains("UTF-8"))
    }

    @Test(
        "a header length that is none, or outside the body, is refused",
        arguments: ["-1", "9999", "abc", "", "1.5", "0x10", "99999999999999999999"])
    func headerLength(header: String) throws {
        let error = try #require(refusal { _ = try decodeV2(oneInput(.int8, "[1]", "[1]"), header: header) })
        #expect(error.category == .invalidInput)
        #expect(error.message.lowercased().contains("header"))
    }

    @Test("binary data that is too short, too long or of the wrong size is refused")
    func binarySizes() throws {
        func body(_ size: String, _ type: String = "FP32") -> String {
            "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"\(type)\",\"shape\":[2],"
                + "\"parameters\":{\"binary_data_size\":\(size)}}]}"
        }
        func words(_ json: String, _ binary: [UInt8]) -> String {
            refusal { _ = try decodeV2(json, binary: binary) }?.description ?? "taken"
        }
        let zeros = Array(repeating: 0 as UInt8, count: 12)
        #expect(words(body("8"), Array(zeros.prefix(8))) == "taken")
        #expect(words(body("8"), zeros).contains("unexpected additional input data for model 'm'"))
        #expect(words(body("8"), Array(zeros.prefix(5))).contains("expecting 3 additional bytes"))
        #expect(words(body("12"), zeros).contains("expected 8 for FP32 of shape [2], got 12"))
        #expect(words(body("9223372036854775807"), zeros).contains("got 9223372036854775807"))
        #expect(words(body("18446744073709551615"), zeros).contains("Unable to parse 'binary_data_size'"))
        #expect(words(body("-8"), zeros).contains("Unable to parse 'binary_data_size'"))
        #expect(words(body("12", "BYTES"), Array(repeating: 255, count: 12)).contains("ends after the data"))
        #expect(words(body("12", "BYTES"), zeros).contains("input 'x'"))
        #expect(words(body("2", "BOOL"), [1, 2]).contains("0 or 1"))
        #expect(words(oneInput(.int8, "[1]", "[1]"), [0]).contains("unexpected additional input data"))
    }

    @Test("shared memory is refused in Triton's words")
    func sharedMemory() throws {
        let region = #""parameters":{"shared_memory_region":"r","shared_memory_byte_size":4}"#
        let bodies = [
            Self.head + "\"shape\":[1],\(region)}]}", "{\"inputs\":[],\"outputs\":[{\"name\":\"y\",\(region)}]}",
        ]
        for body in bodies {
            let error = try #require(refusal { _ = try decodeV2(body) })
            #expect(error.message.contains("Unable to find shared memory region: 'r'"))
            #expect(error.category == .notFound)
        }
    }

    @Test("an error says where it is")
    func places() throws {
        let body = oneInput(.int8, "[2]", "[1,999]")
        let error = try #require(refusal { _ = try decodeV2(body) })
        let offset = try #require(body.firstRange(of: "999")).lowerBound.utf16Offset(in: body)
        #expect(error.description == "the number is out of the range of INT8 (at inputs[0].data, byte \(offset))")
    }
}
