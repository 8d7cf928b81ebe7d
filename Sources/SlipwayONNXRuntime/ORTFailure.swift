// SPDX-License-Identifier: Apache-2.0

import COnnxRuntime
import SlipwayEngine

/// What ONNX Runtime says went wrong.
struct ORTFailure: Equatable {
    /// What was being done, which decides whose fault a failure is.
    enum Stage: Sendable {
        case open, load, run
    }

    let code: OrtErrorCode
    /// The library's own words without the places in its source.
    let message: String

    init(code: OrtErrorCode, message: String) {
        self.code = code
        self.message = Self.clean(message)
    }

    /// Reads `status` and gives it back.
    init(taking status: OpaquePointer, _ api: UnsafePointer<OrtApi>) {
        let text = api.pointee.GetErrorMessage(status).map { String(cString: $0) }
        self.init(code: api.pointee.GetErrorCode(status), message: text ?? "no reason given")
        api.pointee.ReleaseStatus(status)
    }

    func error(at stage: Stage) -> EngineError {
        if isOutOfMemory {
            return EngineError(code: .outOfMemory, message: "ONNX Runtime ran out of memory: \(message)")
        }
        switch stage {
        case .open:
            return EngineError(code: .libraryUnusable, message: "ONNX Runtime cannot be started: \(message)")
        case .load:
            return loadError
        case .run:
            let isInputsFault = code == ORT_INVALID_ARGUMENT
            return EngineError(
                code: isInputsFault ? .inputMismatch : .executionFailed,
                message: isInputsFault ? message : "ONNX Runtime could not run the model: \(message)")
        }
    }

    private var isOutOfMemory: Bool {
        ["bad_alloc", "Failed to allocate memory", "CUDA out of memory"].contains { message.contains($0) }
    }

    /// Newest versions that ONNX Runtime 1.31 reads; other releases differ, so the message says which.
    private static let limits = "ONNX Runtime 1.31 reads IR version 13, ai.onnx 26 and ai.onnx.ml 5 at most"

    private var loadError: EngineError {
        if message.contains("Unsupported model IR version") || message.contains("is under development") {
            return EngineError(
                code: .unsupportedModel,
                message: "the model is written for a newer ONNX: \(message). \(Self.limits); export it for those")
        }
        let missing = [
            "No Op registered", "is not a registered function/op", "is not currently registered or supported",
        ]
        if code == ORT_NOT_IMPLEMENTED || missing.contains(where: { message.contains($0) }) {
            return EngineError(
                code: .unsupportedModel,
                message: "the model uses an operator or a type that this engine lacks: \(message). \(Self.limits)")
        }
        if message.contains("xternal data") || message.contains("External initializer") {
            return EngineError(
                code: .invalidModel,
                message: "the model's external data cannot be used: \(message). "
                    + "Keep the data files beside the model, under the relative paths it names")
        }
        switch code {
        case ORT_NO_SUCHFILE, ORT_NO_MODEL:
            return EngineError(code: .invalidModel, message: "a file of the model is missing: \(message)")
        case ORT_INVALID_PROTOBUF, ORT_INVALID_GRAPH, ORT_INVALID_ARGUMENT:
            return EngineError(
                code: .invalidModel, message: "the model file is damaged, incomplete or no sound graph: \(message)")
        default:
            return EngineError(code: .loadFailed, message: "ONNX Runtime could not load the model: \(message)")
        }
    }

    /// Without `/onnxruntime_src/….cc:256 name(parameters)` in front of the words, and of bounded length.
    static func clean(_ message: String) -> String {
        var text = message[...]
        var kept = ""
        while let place = text.range(of: "/onnxruntime_src/") {
            kept += text[..<place.lowerBound]
            text = text[place.upperBound...]
            guard let open = text.firstIndex(of: "("), let close = closing(open, in: text) else { break }
            text = text[text.index(after: close)...]
            if text.hasPrefix(" const") { text = text.dropFirst(6) }
            text = text.drop { $0 == " " }
        }
        let words = (kept + text).split(whereSeparator: \.isNewline).joined(separator: " ")
        return words.count > 600 ? words.prefix(600) + " ..." : words
    }

    private static func closing(_ open: Substring.Index, in text: Substring) -> Substring.Index? {
        var depth = 0
        var index = open
        while index < text.endIndex {
            if text[index] == "(" { depth += 1 }
            if text[index] == ")" {
                depth -= 1
                if depth == 0 { return index }
            }
            index = text.index(after: index)
        }
        return nil
    }
}

extension Substring {
    /// Where `word` first occurs.
    fileprivate func range(of word: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            let rest = self[start...]
            if rest.hasPrefix(word) { return start..<index(start, offsetBy: word.count) }
            start = index(after: start)
        }
        return nil
    }
}
