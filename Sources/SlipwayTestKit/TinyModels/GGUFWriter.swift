// SPDX-License-Identifier: Apache-2.0

/// Writes GGUF files, sound ones and others: nothing is checked.
///
/// Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
public struct GGUFWriter: Sendable {
    /// A metadata value as it is written.
    public indirect enum Value: Sendable {
        case uint32(UInt32)
        case int32(Int32)
        case uint64(UInt64)
        case float32(Float)
        case bool(Bool)
        case text(String)
        case texts([String])
        case integers([Int32])
        case flags([Bool])
        /// A type's number and the bytes after it.
        case raw(UInt32, [UInt8])
    }

    public struct Tensor: Sendable {
        public var name: String
        public var dimensions: [UInt64]
        public var type: UInt32
        /// Its place in the data; `nil` for the next one that is aligned.
        public var offset: UInt64?
        /// Bytes that it takes in the file.
        public var byteCount: Int

        public init(
            _ name: String, _ dimensions: [UInt64], type: UInt32 = 0, offset: UInt64? = nil, byteCount: Int
        ) {
            self.name = name
            self.dimensions = dimensions
            self.type = type
            self.offset = offset
            self.byteCount = byteCount
        }
    }

    public var version: UInt32 = 3
    public var alignment = 32
    /// Instead of the numbers there are.
    public var announcedTensors: UInt64?
    public var announcedValues: UInt64?
    public var values: [(key: String, value: Value)] = []
    public var tensors: [Tensor] = []

    public init() {}

    public subscript(key: String) -> Value? {
        get { values.first { $0.key == key }?.value }
        set {
            let index = values.firstIndex { $0.key == key }
            switch (index, newValue) {
            case (let index?, let value?): values[index].value = value
            case (let index?, nil): values.remove(at: index)
            case (nil, let value?): values.append((key, value))
            case (nil, nil): break
            }
        }
    }

    public var bytes: [UInt8] {
        var out = Array("GGUF".utf8)
        Self.add(version, to: &out)
        Self.add(announcedTensors ?? UInt64(tensors.count), to: &out)
        Self.add(announcedValues ?? UInt64(values.count), to: &out)
        for (key, value) in values {
            Self.add(key, to: &out)
            Self.add(value, to: &out)
        }
        var data: [UInt8] = []
        for tensor in tensors {
            data += repeatElement(0, count: (alignment - data.count % alignment) % alignment)
            Self.add(tensor.name, to: &out)
            Self.add(UInt32(tensor.dimensions.count), to: &out)
            for extent in tensor.dimensions { Self.add(extent, to: &out) }
            Self.add(tensor.type, to: &out)
            Self.add(tensor.offset ?? UInt64(data.count), to: &out)
            data += repeatElement(0, count: tensor.byteCount)
        }
        out += repeatElement(0, count: (alignment - out.count % alignment) % alignment)
        return out + data
    }

    private static func add(_ value: Value, to out: inout [UInt8]) {
        switch value {
        case .uint32(let number):
            add(UInt32(4), to: &out)
            add(number, to: &out)
        case .int32(let number):
            add(UInt32(5), to: &out)
            add(number, to: &out)
        case .uint64(let number):
            add(UInt32(10), to: &out)
            add(number, to: &out)
        case .float32(let number):
            add(UInt32(6), to: &out)
            add(number.bitPattern, to: &out)
        case .bool(let flag):
            add(UInt32(7), to: &out)
            out.append(flag ? 1 : 0)
        case .text(let text):
            add(UInt32(8), to: &out)
            add(text, to: &out)
        case .texts(let texts):
            addList(of: 8, count: texts.count, to: &out)
            for text in texts { add(text, to: &out) }
        case .integers(let numbers):
            addList(of: 5, count: numbers.count, to: &out)
            for number in numbers { add(number, to: &out) }
        case .flags(let flags):
            addList(of: 7, count: flags.count, to: &out)
            out += flags.map { $0 ? 1 : 0 }
        case .raw(let type, let content):
            add(type, to: &out)
            out += content
        }
    }

    private static func addList(of type: UInt32, count: Int, to out: inout [UInt8]) {
        add(UInt32(9), to: &out)
        add(type, to: &out)
        add(UInt64(count), to: &out)
    }

    private static func add(_ text: String, to out: inout [UInt8]) {
        add(UInt64(text.utf8.count), to: &out)
        out += Array(text.utf8)
    }

    private static func add<T: FixedWidthInteger>(_ number: T, to out: inout [UInt8]) {
        withUnsafeBytes(of: number.littleEndian) { out.append(contentsOf: $0) }
    }
}
