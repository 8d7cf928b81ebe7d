// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Compressed files: joblib compresses its pickles as a whole.
enum CompressedSignatures {
    static func detect(_ probe: DetectionProbe) -> FormatDetection? {
        let head = probe.head
        let isGzip = head.has([0x1F, 0x8B, 8])
        let isZlib = head.count > 2 && head[0] == 0x78 && (Int(head[0]) << 8 + Int(head[1])) % 31 == 0
        if isGzip || isZlib {
            let inner = beginning(of: head, framing: isGzip ? .gzip : .zlib)
            if PickleSignatures.isPickle(inner) { return PickleSignatures.describe(inner, isCompressed: true) }
            return isGzip ? compressed("gzip") : nil
        }
        if head.has("BZh") { return compressed("bzip2") }
        if head.has([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0]) { return compressed("xz") }
        if head.has([0x28, 0xB5, 0x2F, 0xFD]) { return compressed("zstd") }
        if head.has([0x04, 0x22, 0x4D, 0x18]) { return compressed("lz4") }
        return nil
    }

    private static func compressed(_ name: String) -> FormatDetection {
        FormatDetection(
            .unknown, "The file is compressed with \(name), so it cannot be told what is inside.",
            advice: "Decompress it first.")
    }

    /// As much as 64 KiB of the inflated data; the head is cut off, so an early end is expected.
    private static func beginning(of head: [UInt8], framing: CompressionFraming) -> [UInt8] {
        let stream = InflateStream(framing: framing, outputLimit: 64 * 1024)
        var output: [UInt8] = []
        do throws(FormatError) {
            try head.withRawBytes { (raw) throws(FormatError) in try stream.append(raw, to: &output) }
        } catch {
            // What came before the limit or the damage still tells what it is.
            return output
        }
        return output
    }
}
