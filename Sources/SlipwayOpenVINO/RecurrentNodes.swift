// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayCore
import SlipwayEngine

/// Recurrent operators in ONNX files, which OpenVINO 2026.4 computes wrongly without saying so: it does not heed the
/// lengths of sequences, and mixes up several of them that read one tensor of an open batch.
enum RecurrentNodes {
    private static let operators = ["LSTM", "GRU", "RNN"]
    private static let chunkSize = 1 << 20
    /// Key of field 4, which is text.
    private static let nodeType: UInt8 = 0x22

    /// - Throws: ``EngineError`` `unsupportedModel` naming the operator; `invalidModel` when the file cannot be read.
    static func refuse(in path: String) throws(EngineError) {
        guard let name = try first(in: path) else { return }
        throw EngineError(
            code: .unsupportedModel,
            message:
                "the model has \(name) nodes, which OpenVINO computes wrongly for sequences of several lengths and "
                + "in both directions: run it in onnxruntime")
    }

    /// The first of these operators whose name stands in the file as a node's type: field 4 of a `NodeProto`.
    private static func first(in path: String) throws(EngineError) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw unreadable(path) }
        defer { close(file) }
        let patterns = operators.map { [nodeType, UInt8($0.utf8.count)] + Array($0.utf8) }
        // What may begin at the end of one chunk is looked for again in the next.
        let overlap = (patterns.map(\.count).max() ?? 1) - 1
        var buffer = [UInt8](repeating: 0, count: overlap + chunkSize)
        var kept = 0
        while true {
            let got = buffer.withUnsafeMutableBytes { bytes in
                read(file, bytes.baseAddress.map { $0 + kept }, chunkSize)
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw unreadable(path) }
            guard got > 0 else { return nil }
            let filled = kept + got
            let found = buffer.withUnsafeBytes {
                Self.first(of: patterns, in: UnsafeRawBufferPointer(rebasing: $0[..<filled]))
            }
            if let found { return operators[found] }
            kept = min(overlap, filled)
            buffer.withUnsafeMutableBytes { bytes in
                guard let start = bytes.baseAddress else { return }
                memmove(start, start + (filled - kept), kept)
            }
        }
    }

    private static func unreadable(_ path: String) -> EngineError {
        EngineError(code: .invalidModel, message: "cannot read \(path): \(String(cString: strerror(errno)))")
    }

    /// Which pattern stands first in the bytes; all begin with the same one.
    private static func first(of patterns: [[UInt8]], in bytes: UnsafeRawBufferPointer) -> Int? {
        var rest = bytes[...]
        while let base = UnsafeRawBufferPointer(rebasing: rest).baseAddress,
            let hit = memchr(base, Int32(nodeType), rest.count)
        {
            let start = rest.startIndex + (UnsafeRawPointer(hit) - base)
            if let index = patterns.firstIndex(where: { bytes[start...].starts(with: $0) }) { return index }
            rest = rest[(start + 1)...]
        }
        return nil
    }
}
