// SPDX-License-Identifier: Apache-2.0

/// Reads safetensors files: eight bytes with the length of a JSON header, the header, the elements of all tensors.
///
/// The elements must fill the file without gap and overlap, so that nothing hides in it; they are read only when they
/// are asked for.
///
/// Format: https://github.com/huggingface/safetensors
public enum SafetensorsReader {
    /// Reads and checks the header of the file at `path`.
    ///
    /// - Throws: ``FormatError`` as ``read(_:limits:)-(ByteSource,_)`` does, or `missingFile`.
    public static func read(
        path: String, limits: SafetensorsLimits = SafetensorsLimits()
    ) throws(FormatError) -> SafetensorsFile {
        try read(FileSource(path: path), limits: limits)
    }

    /// Reads and checks the header of a file in memory.
    public static func read(
        _ bytes: [UInt8], limits: SafetensorsLimits = SafetensorsLimits()
    ) throws(FormatError) -> SafetensorsFile {
        try read(MemorySource(bytes), limits: limits)
    }

    /// Reads and checks the header of a file.
    ///
    /// - Throws: ``FormatError`` `malformed` for what breaks the format, naming the tensor where it is one's;
    ///   `truncated` when elements are missing, `unsupported` for an unknown element type, `limitExceeded`.
    public static func read(
        _ source: any ByteSource, limits: SafetensorsLimits = SafetensorsLimits()
    ) throws(FormatError) -> SafetensorsFile {
        let prefix = try source.bytes(at: 0, count: 8)
        guard let announced: UInt64 = prefix.littleEndian(at: 0), announced <= UInt64(limits.headerByteCount) else {
            throw FormatError(
                .limitExceeded, "the header claims more than \(limits.headerByteCount) bytes; is this safetensors?",
                at: "offset 0")
        }
        let length = Int(announced)
        let text = try SliceSource(source, from: 8, count: length)
        guard try text.prefix(at: 0, upTo: 1) == [UInt8(ascii: "{")] else {
            throw FormatError(.malformed, "the header does not begin with '{'", at: "offset 8")
        }
        var parser = SafetensorsHeaderParser(text, limits: limits)
        var header = try parser.parse()
        try header.check(dataByteCount: source.byteCount - 8 - length)
        return SafetensorsFile(source, header: header, dataOffset: 8 + length)
    }
}
