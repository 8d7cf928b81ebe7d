// SPDX-License-Identifier: Apache-2.0

/// Writes safetensors files, a piece at a time.
public enum SafetensorsWriter {
    /// A tensor to write; its content is read when its turn comes.
    public struct Entry: Sendable {
        public let name: String
        public let type: SafetensorsType
        public let shape: [Int]
        /// The elements, row-major and little-endian.
        public let content: any ByteSource

        public init(name: String, type: SafetensorsType, shape: [Int], content: any ByteSource) {
            self.name = name
            self.type = type
            self.shape = shape
            self.content = content
        }
    }

    private static let pieceByteCount = 1 << 20

    /// Writes a whole file.
    ///
    /// Equal tensors and metadata make equal files, whatever their order here: wider elements come first and then
    /// names decide, so that every tensor begins at a multiple of its element's size; blanks after the header make
    /// the data begin at a multiple of eight.
    ///
    /// - Parameter sink: Called with one piece after another, none larger than 1 MiB but for the header.
    /// - Throws: ``FormatError`` `malformed` for a tensor whose content does not fit its shape, for a name that occurs
    ///   twice and for the name `__metadata__`; `limitExceeded` for a header of more than 100 MB; what `sink` throws.
    public static func write(
        _ entries: [Entry], metadata: [String: String] = [:], to sink: ([UInt8]) throws -> Void
    ) throws {
        let entries = entries.sorted { one, next in
            one.type.bitWidth == next.type.bitWidth
                ? one.name.utf8.lexicographicallyPrecedes(next.name.utf8) : one.type.bitWidth > next.type.bitWidth
        }
        try sink(header(entries, metadata))
        for entry in entries {
            var offset = 0
            while offset < entry.content.byteCount {
                let count = min(pieceByteCount, entry.content.byteCount - offset)
                try sink(entry.content.bytes(at: offset, count: count))
                offset += count
            }
        }
    }

    /// The bytes of a whole file, for small ones.
    public static func bytes(of entries: [Entry], metadata: [String: String] = [:]) throws -> [UInt8] {
        var result: [UInt8] = []
        try write(entries, metadata: metadata) { result += $0 }
        return result
    }

    private static func header(_ entries: [Entry], _ metadata: [String: String]) throws(FormatError) -> [UInt8] {
        var members: [String] = []
        if !metadata.isEmpty {
            let texts = metadata.sorted { $0.key < $1.key }
                .map { JSONText.quoted($0.key) + ":" + JSONText.quoted($0.value) }
            members.append("\"__metadata__\":{" + texts.joined(separator: ",") + "}")
        }
        var offset = 0
        var names: Set<String> = ["__metadata__"]
        for entry in entries {
            guard names.insert(entry.name).inserted else {
                throw FormatError(
                    .malformed, "no two tensors of a file have one name, nor '__metadata__'", at: entry.name)
            }
            guard let expected = entry.type.byteCount(of: entry.shape), expected == entry.content.byteCount else {
                throw FormatError(
                    .malformed,
                    "the content of \(entry.content.byteCount) bytes does not fit the shape \(entry.shape) of "
                        + entry.type.rawValue, at: entry.name)
            }
            let (end, overflow) = offset.addingReportingOverflow(expected)
            guard !overflow else { throw FormatError(.limitExceeded, "the tensors are too large together") }
            let shape = entry.shape.map { String($0) }.joined(separator: ",")
            members.append(
                JSONText.quoted(entry.name)
                    + ":{\"dtype\":\"\(entry.type.rawValue)\",\"shape\":[\(shape)],\"data_offsets\":[\(offset),\(end)]}"
            )
            offset = end
        }
        var text = Array(("{" + members.joined(separator: ",") + "}").utf8)
        text.append(contentsOf: repeatElement(0x20, count: -text.count & 7))
        guard text.count <= SafetensorsLimits().headerByteCount else {
            throw FormatError(.limitExceeded, "the header would have \(text.count) bytes, the format takes 100,000,000")
        }
        var result: [UInt8] = []
        result.reserveCapacity(text.count + 8)
        result.appendLittleEndian(UInt64(text.count))
        return result + text
    }
}
