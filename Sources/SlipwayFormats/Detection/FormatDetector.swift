// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayCore

/// Tells what a model file is by its content; its name plays no part, and nothing in it is executed.
///
/// Looks at the beginning, the end and the structure, never at the weights, so it is quick for any size.
public enum FormatDetector {
    /// What lies at `path`: a file, or a folder as TensorFlow and Core ML write them.
    ///
    /// - Throws: ``FormatError`` `missingFile` or `unreadable`; an unknown format is a result, not an error.
    public static func detect(path: String) throws(FormatError) -> FormatDetection {
        var status = stat()
        if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
            return FolderSignatures.detect(path)
        }
        return try detect(FileSource(path: path))
    }

    /// What a file in memory is.
    public static func detect(_ bytes: [UInt8]) -> FormatDetection {
        // Reading memory cannot fail inside its bounds, and the detector stays inside.
        (try? detect(MemorySource(bytes))) ?? unknown
    }

    /// What a file is.
    ///
    /// - Throws: ``FormatError`` `unreadable` when the source cannot be read.
    public static func detect(_ source: any ByteSource) throws(FormatError) -> FormatDetection {
        let probe = try DetectionProbe(source)
        guard !probe.head.isEmpty else {
            return FormatDetection(.unknown, "The file is empty.", advice: "Copy or export the model again.")
        }
        return MagicSignatures.detect(probe)
            ?? ZipSignatures.detect(probe)
            ?? PickleSignatures.detect(probe)
            ?? CompressedSignatures.detect(probe)
            ?? SafetensorsSignature.detect(probe)
            ?? ProtobufSignatures.detect(probe)
            ?? XGBoostSignatures.detect(probe)
            ?? CatBoostSignatures.detect(probe)
            ?? TextSignatures.detect(probe)
            ?? unknown
    }

    private static var unknown: FormatDetection {
        FormatDetection(
            .unknown, "The file is in no format that Slipway knows.",
            advice: "Export the model to ONNX and import that file.")
    }
}

/// The parts of a file that detection looks at.
struct DetectionProbe {
    private static let headLength = 64 * 1024
    private static let tailLength = 4 * 1024

    let source: any ByteSource
    /// The first 64 KiB.
    let head: [UInt8]
    /// The last 4 KiB.
    let tail: [UInt8]

    init(_ source: any ByteSource) throws(FormatError) {
        self.source = source
        head = try source.prefix(at: 0, upTo: Self.headLength)
        tail = try source.prefix(at: max(0, source.byteCount - Self.tailLength), upTo: Self.tailLength)
    }

    /// Whether `text` occurs near the beginning or the end.
    func mentions(_ text: String) -> Bool { head.contains(text: text) || tail.contains(text: text) }
}
