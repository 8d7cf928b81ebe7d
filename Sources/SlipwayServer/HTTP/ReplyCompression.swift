// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
package import SlipwayFormats
import SlipwayWire

/// Compresses replies for clients that ask for it.
package enum ReplyCompression {
    /// Replies shorter than this stay as they are: compressing them costs more than it saves.
    static let smallestBody = 256

    /// The coding to use for an `Accept-Encoding`; `nil` when it names none that we write.
    ///
    /// A coding with `q=0` is refused by the client (RFC 9110, section 12.5.3).
    package static func choose(_ acceptEncoding: String?) -> (name: String, framing: CompressionFraming)? {
        guard let acceptEncoding else { return nil }
        var accepted: Set<String> = []
        for item in acceptEncoding.lowercased().split(separator: ",") {
            let parts = item.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" } }
            guard let name = parts.first else { continue }
            let weight = parts.dropFirst().first { $0.hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) } ?? 1
            if weight > 0 { accepted.insert(String(name)) }
        }
        if accepted.contains("gzip") { return ("gzip", .gzip) }
        if accepted.contains("deflate") { return ("deflate", .zlib) }
        return nil
    }

    /// The reply, compressed when the client accepts it and it is worth it.
    static func apply(to reply: HTTPReply, acceptEncoding: String?) throws -> HTTPReply {
        guard reply.byteCount >= smallestBody, let coding = choose(acceptEncoding) else { return reply }
        var whole: [UInt8] = []
        whole.reserveCapacity(reply.byteCount)
        for segment in reply.body { segment.withBytes { whole.append(contentsOf: $0) } }
        var compressed = reply
        // Level 1: a server's time is dearer than the last few per cent of size.
        compressed.body = [.bytes(try Deflate.compress(whole, framing: coding.framing, level: 1))]
        compressed.headers[.contentEncoding] = coding.name
        compressed.headers.addVary("accept-encoding")
        return compressed
    }
}
