// SPDX-License-Identifier: Apache-2.0

/// The type of a PyTorch tensor's elements.
public struct TorchType: Sendable, Hashable, CustomStringConvertible {
    /// As PyTorch names it: `float32`.
    public let name: String
    /// Bytes of one element.
    public let byteWidth: Int
    /// The same type in safetensors; `nil` for those it has not.
    public let safetensors: SafetensorsType?

    public var description: String { name }

    private init(_ name: String, _ byteWidth: Int, _ safetensors: SafetensorsType?) {
        self.name = name
        self.byteWidth = byteWidth
        self.safetensors = safetensors
    }

    static let float32 = TorchType("float32", 4, .float32)
    private static let uint8 = TorchType("uint8", 1, .uint8)

    private static let all: [TorchType] = [
        float32, uint8, TorchType("float64", 8, .float64), TorchType("float16", 2, .float16),
        TorchType("bfloat16", 2, .bfloat16), TorchType("int64", 8, .int64), TorchType("int32", 4, .int32),
        TorchType("int16", 2, .int16), TorchType("int8", 1, .int8), TorchType("bool", 1, .bool),
        TorchType("uint16", 2, .uint16), TorchType("uint32", 4, .uint32), TorchType("uint64", 8, .uint64),
        TorchType("complex64", 8, .complex64), TorchType("complex128", 16, nil), TorchType("complex32", 4, nil),
        TorchType("float8_e4m3fn", 1, .float8E4M3), TorchType("float8_e5m2", 1, .float8E5M2),
        TorchType("float8_e8m0fnu", 1, .float8E8M0), TorchType("float8_e4m3fnuz", 1, .float8E4M3FNUZ),
        TorchType("float8_e5m2fnuz", 1, .float8E5M2FNUZ),
    ]

    /// The type of PyTorch's name; `nil` for those that are not known, quantised ones among them.
    static func named(_ name: String) -> TorchType? { all.first { $0.name == name } }

    /// The type of a storage class of `torch`.
    static func storage(_ name: String) -> TorchType? {
        let names = [
            "FloatStorage": "float32", "DoubleStorage": "float64", "HalfStorage": "float16",
            "BFloat16Storage": "bfloat16", "LongStorage": "int64", "IntStorage": "int32", "ShortStorage": "int16",
            "CharStorage": "int8", "ByteStorage": "uint8", "BoolStorage": "bool",
            "ComplexFloatStorage": "complex64", "ComplexDoubleStorage": "complex128",
            // Counted in bytes.
            "UntypedStorage": "uint8",
        ]
        return names[name].flatMap(named)
    }

    /// The type of a number of `torch.export`'s schema.
    static func exported(_ number: Int) -> TorchType? {
        let names = [
            1: "uint8", 2: "int8", 3: "int16", 4: "int32", 5: "int64", 6: "float16", 7: "float32", 8: "float64",
            9: "complex32", 10: "complex64", 11: "complex128", 12: "bool", 13: "bfloat16", 28: "uint16",
            29: "float8_e4m3fn", 30: "float8_e5m2", 31: "float8_e4m3fnuz", 32: "float8_e5m2fnuz",
        ]
        return names[number].flatMap(named)
    }
}
