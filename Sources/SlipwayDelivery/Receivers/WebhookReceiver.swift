// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
package import SlipwayMonitoring

/// Posts notices as JSON to any HTTP server, signed where a key is given.
package struct WebhookReceiver: AlertReceiver {
    package let name: String
    private let call: SignedCall

    /// - Parameters:
    ///   - secret: The key of signatures; `nil` for none.
    ///   - token: Sent as a bearer token.
    ///   - now: What the signature's time is taken from.
    /// - Throws: ``DeliveryError`` `invalidSettings`.
    package init(
        name: String, url: String, secret: String? = nil, token: String? = nil,
        now: @escaping @Sendable () -> Timestamp
    ) throws(DeliveryError) {
        self.name = name
        call = try SignedCall(url: url, secret: secret, token: token, now: now)
    }

    package func deliver(_ notice: AlertNotice, deadline: Duration) async throws {
        try await call.post(try NoticePayload(notice).encode(), deadline: deadline)
    }
}

/// Asks for a model to be trained again: `"event": "retrain"` with the address of the labelled export.
package struct RetrainCall: AlertReceiver {
    package let name: String
    private let call: SignedCall
    private let export: @Sendable (String) -> String

    /// - Parameters:
    ///   - export: The address of an endpoint's labelled export, by the endpoint's name.
    ///   - secret, token, now: As of ``WebhookReceiver``.
    /// - Throws: ``DeliveryError`` `invalidSettings`.
    package init(
        name: String, url: String, secret: String? = nil, token: String? = nil,
        export: @escaping @Sendable (String) -> String, now: @escaping @Sendable () -> Timestamp
    ) throws(DeliveryError) {
        self.name = name
        call = try SignedCall(url: url, secret: secret, token: token, now: now)
        self.export = export
    }

    package func deliver(_ notice: AlertNotice, deadline: Duration) async throws {
        let payload = NoticePayload(notice, event: "retrain", export: export(notice.endpoint))
        try await call.post(try payload.encode(), deadline: deadline)
    }
}
