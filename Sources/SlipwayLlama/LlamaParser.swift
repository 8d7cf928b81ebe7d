// SPDX-License-Identifier: Apache-2.0

import CSlipwayLlama
import SlipwayEngine

/// Reads an answer back, by the syntax that the template asks of it.
final class LlamaParser: AnswerParser, @unchecked Sendable {
    // Unchecked: used by one thread at a time, as the protocol says.
    private let library: LlamaLibrary
    /// `nil` where an answer is its content as it stands.
    private let handle: OpaquePointer?
    private var told = 0

    init(_ syntax: [UInt8], library: LlamaLibrary) throws(EngineError) {
        self.library = library
        guard !syntax.isEmpty, !ChatJSON.isPlain(syntax) else {
            handle = nil
            return
        }
        var handle: OpaquePointer?
        var error = SlwError()
        let code = syntax.withCharacters { library.api.parser_new($0, $1, &handle, &error) }
        guard code == 0, handle != nil else { throw LlamaFailure(error).error(at: .prepare) }
        self.handle = handle
    }

    deinit { if let handle { library.api.parser_free(handle) } }

    func read(_ text: String, isPartial: Bool) throws(EngineError) -> [AnswerDelta] {
        guard let handle else { return readPlain(text) }
        var text = text
        var differences = SlwText()
        var error = SlwError()
        let code = text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) {
                library.api.parser_read(handle, $0.baseAddress, $0.count, isPartial, &differences, &error)
            }
        }
        guard code == 0 else { throw LlamaFailure(error).error(at: .run) }
        return try ChatJSON.differences(library.take(differences))
    }

    private func readPlain(_ text: String) -> [AnswerDelta] {
        let count = text.utf8.count
        guard count > told else { return [] }
        defer { told = count }
        return [AnswerDelta(content: String(decoding: text.utf8.dropFirst(told), as: UTF8.self))]
    }
}
