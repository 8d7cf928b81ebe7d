// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
package import SlipwayMonitoring

/// Makes receivers of what `monitoring.yaml` says.
package struct ReceiverFactory: Sendable {
    /// Reads a secret; throws with a message that names the variable or the file, not the value.
    package var secret: @Sendable (SecretSource) throws -> String
    /// The address of the admin listener, as people and trainers reach it; `nil` for none.
    package var adminURL: String?
    /// The path of an endpoint's labelled export below it, by the endpoint's name.
    package var exportPath: @Sendable (String) -> String
    package var now: @Sendable () -> Timestamp

    package init(
        secret: @escaping @Sendable (SecretSource) throws -> String, adminURL: String?,
        exportPath: @escaping @Sendable (String) -> String, now: @escaping @Sendable () -> Timestamp
    ) {
        self.secret = secret
        self.adminURL = adminURL
        self.exportPath = exportPath
        self.now = now
    }

    /// - Throws: ``DeliveryError`` `invalidSettings`, its location the receiver's name; whatever ``secret`` throws.
    package func make(_ spec: ReceiverSpec) throws -> DeliveryReceiver {
        let made: any AlertReceiver
        do {
            made = try receiver(spec)
        } catch let error as DeliveryError {
            throw DeliveryError(
                error.code, category: error.category, "receiver '\(spec.name)': \(error.message)", cause: error.cause,
                location: spec.name)
        }
        return DeliveryReceiver(
            made, minimumSeverity: spec.minimumSeverity,
            deadline: .bounded(seconds: min(max(spec.deadlineSeconds, 0.1), 600)), takesUnnamed: spec.kind != .retrain)
    }

    private func receiver(_ spec: ReceiverSpec) throws -> any AlertReceiver {
        let key = try spec.secret.map(secret)
        let token = try spec.token.map { try Self.headerValue(secret($0)) }
        if spec.kind == .mail {
            guard let mail = spec.mail else {
                throw DeliveryError.settings("it has no mail server")
            }
            return try MailReceiver(name: spec.name, spec: mail, password: key, now: now)
        }
        guard let source = spec.url else { throw DeliveryError.settings("it has no 'url'") }
        let url = try secret(source)
        switch spec.kind {
        case .alertmanager:
            return try AlertmanagerReceiver(name: spec.name, url: url, token: token, dashboard: adminURL)
        case .webhook:
            return try WebhookReceiver(name: spec.name, url: url, secret: key, token: token, now: now)
        case .slack:
            return try SlackReceiver(name: spec.name, url: url)
        case .retrain, .mail:
            let (base, path) = (adminURL ?? "", exportPath)
            return try RetrainCall(
                name: spec.name, url: url, secret: key, token: token, export: { base + path($0) }, now: now)
        }
    }

    private static func headerValue(_ text: String) throws(DeliveryError) -> String {
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), !text.isEmpty else {
            throw .settings("its token has characters that no header takes")
        }
        return text
    }
}
