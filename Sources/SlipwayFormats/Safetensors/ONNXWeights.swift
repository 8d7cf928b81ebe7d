// SPDX-License-Identifier: Apache-2.0

/// The initializers of an ONNX file as tensors to write: its weights, without the graph.
///
/// Those of subgraphs and the values of `Constant` nodes belong to the graph and are left out.
public enum ONNXWeights {
    /// - Parameter path: The file; weights in other files are read beside it.
    /// - Throws: ``FormatError`` of the reader; `unsupported` for texts and for types that safetensors has not,
    ///   `missingFile` or `unsafePath` for external data.
    public static func read(path: String) throws(FormatError) -> [SafetensorsWriter.Entry] {
        let info = try ONNXReader.read(path: path)
        try ONNXReader.checkExternalFiles(of: info, beside: path)
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
        return try read(FileSource(path: path)) { (name) throws(FormatError) in try FileSource(path: folder + name) }
    }

    /// Reads a file whose weights are all inside it.
    public static func read(_ source: any ByteSource) throws(FormatError) -> [SafetensorsWriter.Entry] {
        try read(source) { (name) throws(FormatError) in
            throw FormatError(.missingFile, "the model keeps weights in '\(name)'", at: name)
        }
    }

    private static func read(
        _ source: any ByteSource, external: (String) throws(FormatError) -> any ByteSource
    ) throws(FormatError) -> [SafetensorsWriter.Entry] {
        var reader = ProtobufReader(source)
        var found: [(tensor: ONNXWeight, end: Int)] = []
        var graphEnd = 0
        while let field = try reader.nextField() {
            guard field.number == 7 else { continue }
            let scope = try reader.enter()
            while let member = try reader.nextField() {
                guard member.number == 5 else { continue }
                let tensor = try ONNXWeight(&reader)
                // The reader tells what is left of a message, not where it stands: places count from the graph's end.
                found.append((tensor, reader.remaining))
            }
            reader.leave(scope)
            graphEnd = source.byteCount - reader.remaining
        }
        var entries: [SafetensorsWriter.Entry] = []
        for (tensor, remaining) in found {
            entries.append(try tensor.entry(in: source, endingAt: graphEnd - remaining, external: external))
        }
        return entries
    }
}

/// A `TensorProto`, as far as it says where its values are.
private struct ONNXWeight {
    private var name = ""
    private var shape: [Int64] = []
    private var type: Int64 = 0
    /// Bytes between the raw values' end and the message's, and their number.
    private var raw: (after: Int, count: Int)?
    private var external: [String: String] = [:]
    private var isElsewhere = false
    /// Values of lists of whole numbers.
    private var integers: [Int64] = []

    init(_ reader: inout ProtobufReader) throws(FormatError) {
        let scope = try reader.enter()
        while let field = try reader.nextField() {
            switch field.number {
            case 1: try reader.appendIntegers(of: field, to: &shape, limit: 64)
            case 2: type = try reader.varint()
            // Packed floats lie as raw ones do.
            case 4, 9, 10:
                let count = try reader.skippedLength()
                raw = (reader.remaining, count)
            case 5, 7, 11: try reader.appendIntegers(of: field, to: &integers, limit: 64 << 20)
            case 8: name = try reader.string()
            case 13: try Self.readPair(&reader, into: &external)
            case 14: isElsewhere = try reader.varint() == 1
            default: break
            }
        }
        reader.leave(scope)
    }

    private static func readPair(
        _ reader: inout ProtobufReader, into pairs: inout [String: String]
    ) throws(FormatError) {
        let scope = try reader.enter()
        var (key, value) = ("", "")
        while let field = try reader.nextField() {
            if field.number == 1 { key = try reader.string() }
            if field.number == 2 { value = try reader.string() }
        }
        reader.leave(scope)
        pairs[key] = value
    }

    func entry(
        in source: any ByteSource, endingAt end: Int, external open: (String) throws(FormatError) -> any ByteSource
    ) throws(FormatError) -> SafetensorsWriter.Entry {
        let numbers: [Int64: SafetensorsType] = [
            1: .float32, 2: .uint8, 3: .int8, 4: .uint16, 5: .int16, 6: .int32, 7: .int64, 9: .bool, 10: .float16,
            11: .float64, 12: .uint32, 13: .uint64, 14: .complex64, 16: .bfloat16, 17: .float8E4M3,
            18: .float8E4M3FNUZ, 19: .float8E5M2, 20: .float8E5M2FNUZ, 24: .float8E8M0,
        ]
        guard let type = numbers[type] else {
            throw FormatError(
                .unsupported, "safetensors has no elements of type \(ONNXDataType.name(self.type))", at: name)
        }
        let extents = shape.compactMap { Int(exactly: $0) }
        guard let count = type.byteCount(of: extents), extents.count == shape.count else {
            throw FormatError(.malformed, "the shape \(shape) cannot be", at: name)
        }
        let content: any ByteSource
        if isElsewhere {
            let reference = try ONNXExternalReference(tensor: name, entries: external, byteCount: count)
            let offset = external["offset"].flatMap { Int($0) } ?? 0
            content = try SliceSource(try open(reference.path), from: offset, count: count)
        } else if let raw {
            guard raw.count == count else {
                throw FormatError(.malformed, "the shape takes \(count) bytes, there are \(raw.count)", at: name)
            }
            content = try SliceSource(source, from: end - raw.after - raw.count, count: raw.count)
        } else {
            var bytes: [UInt8] = []
            bytes.reserveCapacity(count)
            for value in integers { Self.append(value, width: type.bitWidth / 8, to: &bytes) }
            guard bytes.count == count else {
                throw FormatError(.malformed, "the shape takes \(count) bytes, there are \(bytes.count)", at: name)
            }
            content = MemorySource(bytes)
        }
        return SafetensorsWriter.Entry(name: name, type: type, shape: extents, content: content)
    }

    /// The lowest bytes of a number: smaller types, and the bits of half floats, are kept in wider ones.
    private static func append(_ value: Int64, width: Int, to bytes: inout [UInt8]) {
        for shift in stride(from: 0, to: width * 8, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> Int64(shift)))
        }
    }
}
