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
        var found: [(tensor: ONNXTensorValues, end: Int)] = []
        var graphEnd = 0
        while let field = try reader.nextField() {
            guard field.number == 7 else { continue }
            let scope = try reader.enter()
            while let member = try reader.nextField() {
                guard member.number == 5 else { continue }
                let values = try reader.enter()
                let tensor = try ONNXTensorValues(&reader)
                reader.leave(values)
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

extension ONNXTensorValues {
    fileprivate func entry(
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
            let bytes = integerBytes(width: type.bitWidth / 8)
            guard bytes.count == count else {
                throw FormatError(.malformed, "the shape takes \(count) bytes, there are \(bytes.count)", at: name)
            }
            content = MemorySource(bytes)
        }
        return SafetensorsWriter.Entry(name: name, type: type, shape: extents, content: content)
    }
}
