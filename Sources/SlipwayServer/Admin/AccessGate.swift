// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
package import SlipwaySecurity

/// Asks callers for a key, where the listener asks for keys.
package struct AccessGate: Sendable {
    private let keys: any KeyStore
    private let isOpenWithoutKeys: Bool
    private let clock: @Sendable () -> Timestamp

    /// - Parameter isOpenWithoutKeys: Whether no key is asked for until the first one exists: where the listener can be
    ///   reached from this machine only, or where anybody may infer.
    package init(keys: any KeyStore, isOpenWithoutKeys: Bool, clock: @escaping @Sendable () -> Timestamp) {
        self.keys = keys
        self.isOpenWithoutKeys = isOpenWithoutKeys
        self.clock = clock
    }

    /// - Parameters:
    ///   - role: What the route asks for; `nil` for routes that anybody may call.
    ///   - authorization: The request's `Authorization` header.
    /// - Throws: `SecurityError`.
    package func check(_ role: Role?, authorization: String?) async throws {
        guard let role else { return }
        let presented = authorization.flatMap { KeyCheck.bearerText(authorization: $0) }
        if presented == nil, isOpenWithoutKeys, try await keys.keys().isEmpty { return }
        var record: KeyRecord?
        if let id = KeyCheck.keyID(in: presented) { record = try await keys.key(id: id) }
        try KeyCheck.authorize(presented: presented, record: record, now: clock(), required: role)
    }
}
