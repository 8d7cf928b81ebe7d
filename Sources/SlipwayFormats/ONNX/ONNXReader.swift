// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Reads what an ONNX file says of itself, in one pass and without loading weights.
///
/// Which IR and operator set versions can be run is for an engine to say; the reader only tells the numbers.
///
/// Format: onnx.proto, https://github.com/onnx/onnx/blob/main/docs/IR.md
public enum ONNXReader {
    /// Reads the file at `path` and checks that the files it refers to are beside it.
    ///
    /// - Throws: ``FormatError``; for external data `missingFile`, `truncated` or `unsafePath`.
    public static func read(path: String, limits: ONNXLimits = ONNXLimits()) throws(FormatError) -> ONNXModelInfo {
        let info = try read(FileSource(path: path), limits: limits)
        try checkExternalFiles(of: info, beside: path)
        return info
    }

    /// Reads a model in memory; files it refers to are only listed.
    ///
    /// - Throws: ``FormatError``.
    public static func read(_ bytes: [UInt8], limits: ONNXLimits = ONNXLimits()) throws(FormatError) -> ONNXModelInfo {
        try read(MemorySource(bytes), limits: limits)
    }

    /// Reads a model from any source; files it refers to are only listed.
    ///
    /// - Throws: ``FormatError`` `truncated` or `malformed` for what is not a whole ONNX file, `unsupported` for an
    ///   input or output whose type a ``Tensor`` cannot carry, `unsafePath` for external data outside the folder.
    public static func read(
        _ source: any ByteSource, limits: ONNXLimits = ONNXLimits()
    ) throws(FormatError) -> ONNXModelInfo {
        guard source.byteCount > 0 else { throw FormatError(.truncated, "the file is empty") }
        var parser = ONNXModelParser(source, limits: limits)
        try parser.parse()
        return try parser.info()
    }
}
