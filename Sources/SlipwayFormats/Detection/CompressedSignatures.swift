// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Compressed files: joblib compresses its pickles as a whole.
enum CompressedSignatures {
    static func detect(_ probe: DetectionProbe) -> FormatDetection? {
        if let compression = WholeFileCompression(head: probe.head) {
            let inner = beginning(of: probe.source, compression)
            if PickleSignatures.isPickle(inner) { return PickleSignatures.describe(inner, isCompressed: true) }
            // Two bytes that any file may begin with tell zlib, and three that lzma's old format.
            return compression == .zlib || compression == .lzma ? nil : compressed(compression.rawValue)
        }
        if probe.head.has([0x28, 0xB5, 0x2F, 0xFD]) { return compressed("zstd") }
        return nil
    }

    private static func compressed(_ name: String) -> FormatDetection {
        FormatDetection(
            .unknown, "The file is compressed with \(name), so it cannot be told what is inside.",
            advice: "Decompress it first.")
    }

    /// As much as 64 KiB of the decompressed data; nothing where they are damaged, or the library is missing.
    private static func beginning(of source: any ByteSource, _ compression: WholeFileCompression) -> [UInt8] {
        do throws(FormatError) {
            var input = PickleInput(try compression.bytes(of: source), limit: .max)
            return Array(try input.lookAhead(PickleInput.windowPiece))
        } catch {
            return []
        }
    }
}
