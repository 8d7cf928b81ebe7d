// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import HummingbirdCore
import NIOCore
package import SlipwayCore
import SlipwayWire

/// Lets inference routes take and give CloudEvents: whoever asks in one is answered in one.
///
/// In binary mode the attributes are headers and the body is the protocol's own; in structured mode one JSON object
/// holds both.
package enum CloudEvents {
    /// `routes`, those that infer with KServe's protocols made to speak CloudEvents.
    package static func added(to routes: [Route], clock: @escaping @Sendable () -> Timestamp) -> [Route] {
        routes.map { isInference($0) ? wrap($0, clock: clock) : $0 }
    }

    private static func isInference(_ route: Route) -> Bool {
        let template = route.pattern.template
        return route.method == .post && [":predict", ":explain", "/infer"].contains(where: template.hasSuffix)
    }

    /// The route, answering events with events.
    package static func wrap(_ route: Route, clock: @escaping @Sendable () -> Timestamp) -> Route {
        route.documented {
            $0.taking(.media(CloudEvent.structuredType, "CloudEvent"), .media(CloudEvent.structuredType, "CloudEvent"))
        }
        .wrapped { handler in
            { call in
                if let type = call.headers[.contentType], type.hasPrefix(CloudEvent.structuredType) {
                    return try await structured(call, handler, clock)
                }
                let reply = try await handler(call)
                return isBinary(call.headers) ? binary(reply, event(answering: call, clock)) : reply
            }
        }
    }

    /// Whether the attributes that every event has came as headers; fewer make no event, as KServe sees it.
    private static func isBinary(_ headers: HTTPFields) -> Bool {
        headers[.specVersion] != nil && required.allSatisfy { headers[$0] != nil }
    }

    private static let required = ["ce-id", "ce-source", "ce-type"].map { HTTPField.Name.known($0) }

    private static func event(
        answering call: HTTPCall, _ clock: @Sendable () -> Timestamp
    ) -> CloudEventReply {
        CloudEventReply(id: RandomIdentifier.make(), model: call["model"], time: clock())
    }

    private static func binary(_ reply: HTTPReply, _ event: CloudEventReply) -> HTTPReply {
        var reply = reply
        for (name, value) in event.headers { reply.headers[.known(name)] = headerText(value) }
        return reply
    }

    /// Headers carry ASCII: anything else is percent-encoded, as the HTTP binding of CloudEvents has it.
    private static func headerText(_ value: String) -> String {
        guard !value.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != 0x22 && $0 != 0x25 }) else { return value }
        let digits = Array("0123456789ABCDEF")
        return value.utf8.reduce(into: "") { text, byte in
            if (0x21...0x7E).contains(byte), byte != 0x22, byte != 0x25 {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                text += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
            }
        }
    }

    private static func structured(
        _ call: HTTPCall, _ handler: Route.Handler, _ clock: @Sendable () -> Timestamp
    ) async throws -> HTTPReply {
        let body = try await call.body()
        let event = try body.withUnsafeReadableBytes { try CloudEvent(structured: $0) }
        let reply = try await handler(call.carrying(event))
        guard reply.status < 400 else { return reply }
        var content: [UInt8] = []
        content.reserveCapacity(reply.byteCount)
        for segment in reply.body { segment.withBytes { content.append(contentsOf: $0) } }
        let type = reply.headers[.contentType] ?? "application/json"
        var wrapped = reply
        wrapped.headers[.contentType] = CloudEvent.structuredType
        wrapped.body = [.bytes(self.event(answering: call, clock).structured(contentType: type, body: content))]
        return wrapped
    }
}

extension HTTPField.Name {
    fileprivate static let specVersion = HTTPField.Name.known("ce-specversion")
}

extension HTTPCall {
    /// The same call with an event's data for its body.
    fileprivate func carrying(_ event: CloudEvent) -> HTTPCall {
        var head = head
        head.headerFields[.contentType] = event.dataContentType ?? "application/json"
        head.headerFields[.contentLength] = String(event.data.count)
        head.headerFields[.contentEncoding] = nil
        return HTTPCall(
            head: head, parameters: parameters, queryText: queryText, requestID: requestID, receivedAt: receivedAt,
            cancellation: cancellation, caller: caller, trace: trace,
            bodyStream: RequestBody(buffer: ByteBuffer(bytes: event.data)), bodyLimit: bodyLimit)
    }
}

/// Identifiers that nobody else has.
enum RandomIdentifier {
    /// A random UUID (version 4, RFC 9562).
    static func make() -> String {
        var bytes = (0..<16).map { _ in UInt8.random(in: .min ... .max) }
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        let digits = Array("0123456789abcdef")
        var text = ""
        for (index, byte) in bytes.enumerated() {
            if [4, 6, 8, 10].contains(index) { text.append("-") }
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return text
    }
}
