// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// A CloudEvent (version 1.0 of the specification) that carries a request or a reply.
package struct CloudEvent: Sendable, Hashable {
    package static let structuredType = "application/cloudevents+json"
    /// What the KServe SDK calls its replies, and how their sources begin.
    package static let replyType = "io.kserve.inference.response"
    package static let replySourcePrefix = "io.kserve.inference."

    package let id: String
    package let source: String
    package let type: String
    /// Of the data; `nil` for JSON.
    package let dataContentType: String?
    package let data: [UInt8]

    /// An event whose attributes came as headers `ce-...`.
    ///
    /// - Parameter attribute: The value of the header `ce-` and the name given.
    /// - Throws: ``WireError`` `invalidRequest` when a required attribute is missing.
    package init(
        dataContentType: String?, data: [UInt8] = [], attribute: (String) -> String?
    ) throws(WireError) {
        guard let version = attribute("specversion") else {
            throw WireError(.invalidRequest, "expected the CloudEvents attribute 'specversion'")
        }
        guard version == "1.0" || version == "0.3" else {
            throw WireError(.invalidRequest, "expected a CloudEvent of specversion 1.0, got another version")
        }
        var required: [String] = []
        for name in ["id", "source", "type"] {
            guard let value = attribute(name), !value.isEmpty else {
                throw WireError(.invalidRequest, "expected the CloudEvents attribute '\(name)'")
            }
            required.append(value)
        }
        (id, source, type) = (required[0], required[1], required[2])
        self.dataContentType = dataContentType
        self.data = data
    }

    /// Reads an event in structured mode: one JSON object with its attributes, and its data as `data` or
    /// `data_base64`.
    ///
    /// - Throws: ``WireError``.
    package init(structured body: UnsafeRawBufferPointer) throws(WireError) {
        var scanner = try JSONScanner(body)
        var attributes: [String: String] = [:]
        var seen = SeenKeys()
        var data: [UInt8]?
        var isText = false
        try scanner.beginObject()
        var isFirst = true
        while let key = try scanner.nextKey(isFirst: &isFirst) {
            try seen.insert(key, scanner)
            switch key {
            case "data", "data_base64":
                guard data == nil else {
                    throw WireError(.invalidRequest, "expected 'data' or 'data_base64', got both")
                }
                isText = key == "data" && scanner.peek() == .quote
                data = try Self.data(&scanner, isBase64: key == "data_base64")
            default:
                if scanner.peek() == .quote { attributes[key] = try scanner.string() } else { try scanner.skipValue() }
            }
        }
        try scanner.finish()
        guard var data else {
            throw WireError(.invalidRequest, "the CloudEvent carries no data: expected 'data' or 'data_base64'")
        }
        let contentType = attributes["datacontenttype"]
        if isText, contentType.map(Self.isJSON) ?? true {
            // A text of JSON is a value like any other: it is put into quotes again.
            var json = JSONWriter()
            json.value(String(decoding: data, as: UTF8.self))
            data = json.bytes
        }
        try self.init(dataContentType: contentType, data: data) { attributes[$0] }
    }

    private static func data(_ scanner: inout JSONScanner, isBase64: Bool) throws(WireError) -> [UInt8] {
        guard scanner.peek() == .quote else {
            guard !isBase64 else { throw scanner.malformed("a string of base64") }
            let start = scanner.offset
            try scanner.skipValue()
            return Array(UnsafeRawBufferPointer(start: scanner.start + start, count: scanner.offset - start))
        }
        var text: [UInt8] = []
        JSONScanner.unescape(try scanner.stringToken(), into: &text)
        guard isBase64 else { return text }
        var bytes: [UInt8] = []
        guard text.withUnsafeBytes({ Base64.append(decoding: $0, to: &bytes) }) else {
            throw WireError(.invalidRequest, "'data_base64' is not standard base64")
        }
        return bytes
    }

    static func isJSON(_ contentType: String) -> Bool {
        guard let type = MediaType(contentType) else { return false }
        return type.essence.hasSuffix("/json") || type.essence.hasSuffix("+json")
    }
}

/// The attributes of a reply that goes back as a CloudEvent.
package struct CloudEventReply: Sendable, Hashable {
    package let id: String
    package let source: String
    package let time: String

    /// - Parameters:
    ///   - id: Unique among all events of the source.
    ///   - model: The endpoint that answered.
    package init(id: String, model: String, time: Timestamp) {
        self.id = id
        source = CloudEvent.replySourcePrefix + model
        self.time = time.description
    }

    /// The headers of binary mode.
    package var headers: [(name: String, value: String)] {
        [
            ("ce-specversion", "1.0"), ("ce-id", id), ("ce-source", source), ("ce-type", CloudEvent.replyType),
            ("ce-time", time),
        ]
    }

    /// The body of structured mode around a reply's body.
    package func structured(contentType: String, body: [UInt8]) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("specversion", "1.0")
            json.member("id", id)
            json.member("source", source)
            json.member("type", CloudEvent.replyType)
            json.member("time", time)
            json.member("datacontenttype", contentType)
            if CloudEvent.isJSON(contentType), !body.isEmpty {
                json.key("data")
                json.raw { $0.append(contentsOf: body) }
            } else {
                json.key("data_base64")
                json.raw { bytes in
                    bytes.append(.quote)
                    body.withUnsafeBytes { Base64.append(encoding: $0, to: &bytes) }
                    bytes.append(.quote)
                }
            }
        }
        return json.bytes
    }
}
