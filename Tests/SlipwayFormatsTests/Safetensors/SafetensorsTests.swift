// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats
import SlipwayTestKit
import Testing

@Suite("safetensors")
struct SafetensorsTests {
    typealias Entry = SafetensorsWriter.Entry

    static func entry(
        _ name: String, _ type: SafetensorsType = .float32, _ shape: [Int] = [2], _ bytes: [UInt8]? = nil
    ) -> Entry {
        let count = shape.reduce(1, *) * type.bitWidth / 8
        return Entry(
            name: name, type: type, shape: shape, content: MemorySource(bytes ?? [UInt8](repeating: 1, count: count)))
    }

    /// A file of a header and so many bytes after it.
    static func file(_ header: String, _ dataByteCount: Int) -> [UInt8] {
        let text = Array(header.utf8)
        let length = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) }
        return length + text + [UInt8](repeating: 0, count: dataByteCount)
    }

    @Test("what was written is read again, for every type of elements", arguments: SafetensorsType.allCases)
    func roundTrip(type: SafetensorsType) throws {
        let content = (0..<type.bitWidth).map { UInt8($0) }
        let bytes = try SafetensorsWriter.bytes(
            of: [Self.entry("layer.0.weight", type, [2, 4], content), Self.entry("leer", type, [0, 3], [])],
            metadata: ["format": "pt", "Größe": "\"1\"\n\u{1}"])
        let file = try SafetensorsReader.read(bytes)
        #expect(file.metadata == ["format": "pt", "Größe": "\"1\"\n\u{1}"])
        let tensor = try #require(file.tensor(named: "layer.0.weight"))
        #expect(tensor.type == type && tensor.shape == [2, 4])
        #expect(try file.content(of: tensor).bytes(at: 0, count: content.count) == content)
        #expect(try #require(file.tensor(named: "leer")).range.isEmpty)
        if let known = type.elementType {
            #expect(try file.read(tensor).elementType == known)
        } else {
            #expect(throws: FormatError.self) { try file.read(tensor) }
        }
    }

    @Test("equal tensors make equal files whatever their order, wider ones first, all aligned to their elements")
    func order() throws {
        let entries = [
            Self.entry("b", .uint8, [3]), Self.entry("a", .uint8, [1]), Self.entry("z", .float64, [1]),
            Self.entry("y", .float16, [3]), Self.entry("x", .float32, [1]),
        ]
        let bytes = try SafetensorsWriter.bytes(of: entries)
        #expect(try SafetensorsWriter.bytes(of: entries.reversed()) == bytes)
        let file = try SafetensorsReader.read(bytes)
        #expect(file.tensors.map(\.name) == ["z", "x", "y", "a", "b"])
        for tensor in file.tensors { #expect(tensor.range.lowerBound % max(1, tensor.type.bitWidth / 8) == 0) }
        #expect((bytes.count - file.dataByteCount) % 8 == 0)
    }

    @Test("the writer hands on small pieces and refuses what does not fit")
    func writing() throws {
        var largest = 0
        var count = 0
        let wide = Self.entry("w", .uint8, [3 << 20], [UInt8](repeating: 7, count: 3 << 20))
        try SafetensorsWriter.write([wide]) { piece in
            largest = max(largest, piece.count)
            count += piece.count
        }
        #expect(largest == 1 << 20)
        #expect(count > 3 << 20)
        for entries in [
            [Self.entry("w"), Self.entry("w")], [Self.entry("__metadata__")],
            [Self.entry("w", .float32, [2], [0])], [Self.entry("w", .float4, [3], [0, 0])],
            [Self.entry("w", .uint8, [-1], [])],
        ] {
            let error = try #require(throws: FormatError.self) { try SafetensorsWriter.bytes(of: entries) }
            #expect(error.code == .malformed)
        }
    }

    /// A header that breaks a rule of the format, and what is said of it.
    struct Damage: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let header: String
        var data = 8
        let code: FormatError.Code

        init(_ name: String, _ code: FormatError.Code, _ header: String, data: Int = 8) {
            testDescription = name
            self.header = header
            self.data = data
            self.code = code
        }
    }

    static let tensor = #"{"dtype":"F32","shape":[2],"data_offsets":[0,8]}"#

    static let damages = [
        Damage("no object", .malformed, "[]", data: 0),
        Damage("a blank before the object", .malformed, " {}", data: 0),
        Damage("text after the object", .malformed, "{}x", data: 0),
        Damage("a name twice", .malformed, #"{"a":\#(tensor),"a":\#(tensor)}"#),
        Damage("a name twice, once escaped", .malformed, #"{"a":\#(tensor),"\u0061":\#(tensor)}"#),
        Damage("a member twice", .malformed, #"{"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#),
        Damage("an unknown member", .malformed, #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1}}"#),
        Damage("a missing member", .malformed, #"{"a":{"dtype":"F32","shape":[2]}}"#),
        Damage("an unknown type", .unsupported, #"{"a":{"dtype":"F33","shape":[2],"data_offsets":[0,8]}}"#),
        Damage("offsets that go back", .malformed, #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#),
        Damage("three offsets", .limitExceeded, #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,9]}}"#),
        Damage("more bytes than the shape", .malformed, #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}"#),
        Damage("a negative extent", .malformed, #"{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#),
        Damage("a fraction", .malformed, #"{"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}"#),
        Damage("a leading zero", .malformed, #"{"a":{"dtype":"F32","shape":[02],"data_offsets":[0,8]}}"#),
        Damage(
            "an extent beyond any integer", .malformed,
            #"{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,8]}}"#),
        Damage(
            "a product beyond any integer", .malformed,
            #"{"a":{"dtype":"F32","shape":[4611686018427387904,8],"data_offsets":[0,8]}}"#),
        Damage(
            "half a byte", .malformed, #"{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,1]}}"#, data: 1),
        Damage("a hole before", .malformed, #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#),
        Damage("a hole at the end", .malformed, #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#),
        Damage(
            "an overlap", .malformed,
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
                + "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[2,6]}}",
            data: 6),
        Damage("missing data", .truncated, #"{"a":\#(tensor)}"#, data: 7),
        Damage("metadata that are no texts", .malformed, #"{"__metadata__":{"a":1}}"#, data: 0),
        Damage("metadata twice", .malformed, #"{"__metadata__":{"a":"1","a":"2"}}"#, data: 0),
        Damage("half a surrogate", .malformed, #"{"\ud800":\#(tensor)}"#),
        Damage("a control character", .malformed, "{\"a\nb\":\(tensor)}"),
        Damage("an object that goes on", .malformed, #"{"a":\#(tensor),}"#),
        Damage("no end", .malformed, #"{"a":\#(tensor)"#),
    ]

    @Test("a header that breaks a rule is refused", arguments: damages)
    func refusal(damage: Damage) throws {
        let error = try #require(throws: FormatError.self) {
            try SafetensorsReader.read(Self.file(damage.header, damage.data))
        }
        #expect(error.code == damage.code, "\(error.message)")
    }

    @Test("sizes and counts past the limits are refused before memory is taken")
    func limits() throws {
        let claims = [UInt8](repeating: 0xFF, count: 8) + Array("{}".utf8)
        #expect(try #require(throws: FormatError.self) { try SafetensorsReader.read(claims) }.code == .limitExceeded)
        let short = [UInt8(200), 0, 0, 0, 0, 0, 0, 0] + Array("{}".utf8)
        #expect(try #require(throws: FormatError.self) { try SafetensorsReader.read(short) }.code == .truncated)
        #expect(try #require(throws: FormatError.self) { try SafetensorsReader.read([1, 2]) }.code == .truncated)
        var limits = SafetensorsLimits()
        limits.tensorCount = 1
        let two = try SafetensorsWriter.bytes(of: [Self.entry("a"), Self.entry("b")])
        #expect(
            try #require(throws: FormatError.self) { try SafetensorsReader.read(two, limits: limits) }.code
                == .limitExceeded)
        limits = SafetensorsLimits()
        limits.textByteCount = 3
        let long = Self.file(#"{"abcd":\#(Self.tensor)}"#, 8)
        #expect(
            try #require(throws: FormatError.self) { try SafetensorsReader.read(long, limits: limits) }.code
                == .limitExceeded)
    }

    @Test("blanks and escapes that JSON allows are read, and the official padding")
    func tolerance() throws {
        let header = "{ \"a\\n\\ud83d\\ude00\" :\t{\"shape\": [ ] , \"data_offsets\":[0,4],\"dtype\":\"I32\"} }   "
        let file = try SafetensorsReader.read(Self.file(header, 4))
        #expect(file.tensors.map(\.name) == ["a\n\u{1F600}"])
        #expect(try SafetensorsReader.read(Self.file("{}", 0)).tensors.isEmpty)
    }

    @Test("mutated files are read or refused")
    func mutations() throws {
        let seeds = [
            try SafetensorsWriter.bytes(
                of: [
                    Self.entry("a", .float32, [2, 3]), Self.entry("b\n", .bfloat16, [4]), Self.entry("c", .int64, []),
                ],
                metadata: ["k": "v"]),
            Self.file(#"{"a":\#(Self.tensor)}"#, 8),
        ]
        var read = 0
        try mutate(seeds: seeds, iterations: 4000, seed: 71) { bytes in
            let file = try SafetensorsReader.read(bytes)
            for tensor in file.tensors {
                #expect(try file.content(of: tensor).byteCount == tensor.range.count)
            }
            read += 1
        }
        // Otherwise the mutations would be too wild to reach anything.
        #expect(read > 0)
    }
}
