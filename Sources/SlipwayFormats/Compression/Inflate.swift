// SPDX-License-Identifier: Apache-2.0

/// Inflates data that lie in memory as a whole.
public enum Inflate {
    /// The inflated bytes.
    ///
    /// Memory taken is bounded by `outputLimit`, whatever the data claim.
    ///
    /// - Parameters:
    ///   - bytes: One whole stream; with ``CompressionFraming/gzip`` one or more members.
    ///   - outputLimit: The most bytes the result may have.
    /// - Throws: ``FormatError`` `limitExceeded` past the limit, `truncated` or `malformed` for damaged data.
    public static func decompress(
        _ bytes: UnsafeRawBufferPointer, framing: CompressionFraming, outputLimit: Int
    ) throws(FormatError) -> [UInt8] {
        let stream = InflateStream(framing: framing, outputLimit: outputLimit)
        var output: [UInt8] = []
        try stream.append(bytes, to: &output)
        try stream.finish()
        return output
    }

    /// The inflated bytes; see ``decompress(_:framing:outputLimit:)-(UnsafeRawBufferPointer,_,_)``.
    public static func decompress(
        _ bytes: [UInt8], framing: CompressionFraming, outputLimit: Int
    ) throws(FormatError) -> [UInt8] {
        let stream = InflateStream(framing: framing, outputLimit: outputLimit)
        var output: [UInt8] = []
        try bytes.withRawBytes { (raw) throws(FormatError) in try stream.append(raw, to: &output) }
        try stream.finish()
        return output
    }
}
