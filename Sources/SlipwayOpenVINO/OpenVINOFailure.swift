// SPDX-License-Identifier: Apache-2.0

import COpenVINO
import SlipwayEngine

/// What OpenVINO says went wrong.
struct OpenVINOFailure: Equatable {
    /// What was being done, which decides whose fault a failure is.
    enum Stage: Sendable, Equatable {
        case open
        /// Reading a model; by the name people know its format by.
        case read(String)
        case compile
        case bind
        case run
    }

    let status: slipway_ov_status
    /// The library's own words without the places in its source.
    let message: String

    init(status: slipway_ov_status, message: String) {
        self.status = status
        self.message = Self.clean(message)
    }

    func error(at stage: Stage) -> EngineError {
        if ["bad_alloc", "llocation failed", "not enough memory"].contains(where: { message.contains($0) }) {
            return EngineError(code: .outOfMemory, message: "OpenVINO ran out of memory: \(message)")
        }
        switch stage {
        case .open:
            return EngineError(code: .libraryUnusable, message: "OpenVINO cannot be started: \(message)")
        case .read(let format):
            return readError(format)
        case .compile:
            return isMissingOperation
                ? lacking
                : EngineError(code: .loadFailed, message: "OpenVINO could not compile the model: \(message)")
        case .bind:
            return EngineError(code: .inputMismatch, message: message)
        case .run:
            // Inputs are checked before: what is left are extents that the model's own operators refuse.
            let isInputsFault = message.contains("hape") || status == SLIPWAY_OV_PARAMETER_MISMATCH
            return EngineError(
                code: isInputsFault ? .inputMismatch : .executionFailed,
                message: isInputsFault
                    ? "the model does not take inputs of these shapes: \(message)"
                    : "OpenVINO could not run the model: \(message)")
        }
    }

    private static let missing = [
        "No conversion rule", "not convert", "Not supported", "not supported", "onversion failed",
        "onversion is failed",
        "does not support", "Unsupported", "unsupported", "Not implemented", "not implemented", "No translator",
        "unregistered operation", "Cannot create", "unknown opset", "No factory", "doesn't support",
        "contain the operation", "Unknown activation function",
    ]

    private var isMissingOperation: Bool {
        status == SLIPWAY_OV_NOT_IMPLEMENTED || Self.missing.contains { message.contains($0) }
    }

    private var lacking: EngineError {
        EngineError(
            code: .unsupportedModel,
            message: "the model uses an operator or a type that OpenVINO lacks: \(message). "
                + "Export it to ONNX and run it with engine 'onnxruntime', or without that operator")
    }

    private func readError(_ format: String) -> EngineError {
        // Every reader refused the file at its first look: its operators were not the reason.
        if message.contains("Unable to read the model") {
            return EngineError(
                code: .invalidModel,
                message: "the \(format) model cannot be read: it is damaged, incomplete or of another kind. \(message)")
        }
        if isMissingOperation { return lacking }
        if message.contains("Could not open") || message.contains("annot open") || message.contains("can't be opened") {
            return EngineError(code: .invalidModel, message: "a file of the model is missing: \(message)")
        }
        return EngineError(
            code: .invalidModel,
            message: "the \(format) model file is damaged, incomplete or no sound graph: \(message)")
    }

    /// Without the lines that only tell places in the library's source, and of bounded length.
    static func clean(_ message: String) -> String {
        var kept: [Substring] = []
        for line in message.split(whereSeparator: \.isNewline) {
            var text = line
            while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
            if text.isEmpty || text.hasPrefix("Exception from ") { continue }
            if text.hasPrefix("FrontEnd API failed with") { continue }
            if let place = text.firstRange(of: " failed at src/") { text = text[..<place.lowerBound] }
            kept.append(text)
        }
        // A failed check is worth its words only where nothing else is said.
        let plain = kept.filter { !$0.hasPrefix("Check '") }
        let words = (plain.isEmpty ? kept : plain).joined(separator: " ")
        return words.count > 600 ? words.prefix(600) + " ..." : words
    }
}

extension Substring {
    /// Where `word` first occurs.
    fileprivate func firstRange(of word: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(word) { return start..<index(start, offsetBy: word.count) }
            start = index(after: start)
        }
        return nil
    }
}
