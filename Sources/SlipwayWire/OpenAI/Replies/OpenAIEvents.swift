// SPDX-License-Identifier: Apache-2.0

/// Server-sent events as OpenAI's clients read them: `data:`, one line of JSON and an empty line.
package enum OpenAIEvents {
    /// The end of every stream.
    package static let done = Array("data: [DONE]\n\n".utf8)
    /// A comment, which clients pass over: it keeps a quiet connection open.
    package static let ping = Array(": ping\n\n".utf8)

    static let begin = Array("data: ".utf8)
    static let end = Array("\n\n".utf8)

    /// - Parameter json: Without line breaks.
    package static func event(_ json: [UInt8]) -> [UInt8] { begin + json + end }
}

/// The bytes that all chunks of one stream share, written once.
struct ChunkFrame: Sendable {
    /// `data: {...,"choices":[`
    let prefix: [UInt8]
    /// `]}` with the usage that is not known yet, and the end of the event.
    let suffix: [UInt8]

    init(object: String, head: OpenAIReplyHead, includesUsage: Bool) {
        var json = JSONWriter()
        json.object { json in
            head.write(object: object, to: &json)
            json.member("choices", array: { _ in })
        }
        prefix = OpenAIEvents.begin + json.bytes.dropLast(2)
        suffix = Array((includesUsage ? "],\"usage\":null}" : "]}").utf8) + OpenAIEvents.end
    }

    /// A chunk of one choice, whose members behind its index `write` appends.
    @inline(__always)
    func chunk(choice: Int, room: Int, _ write: (inout [UInt8]) -> Void) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(prefix.count + room + suffix.count + 32)
        bytes.append(contentsOf: prefix)
        bytes.append(contentsOf: #"{"index":"#.utf8)
        ChunkFrame.append(choice, to: &bytes)
        bytes.append(.comma)
        write(&bytes)
        bytes.append(.closeBrace)
        bytes.append(contentsOf: suffix)
        return bytes
    }

    /// The chunk without choices that ends a stream whose caller asked for the usage.
    func usage(_ usage: OpenAIUsage) -> [UInt8] {
        var json = JSONWriter()
        json.object { usage.write(to: &$0) }
        return prefix + [.closeBracket, .comma] + json.bytes.dropFirst() + OpenAIEvents.end
    }

    static func append(_ number: Int, to bytes: inout [UInt8]) {
        if (0...9).contains(number) { return bytes.append(48 + UInt8(truncatingIfNeeded: number)) }
        bytes.append(contentsOf: String(number).utf8)
    }

    static func append(quoted text: String, to bytes: inout [UInt8]) {
        var text = text
        text.withUTF8 { JSONWriter.appendQuoted($0, to: &bytes) }
    }
}
