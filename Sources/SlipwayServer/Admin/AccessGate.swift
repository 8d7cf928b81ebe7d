// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
package import SlipwaySecurity

/// Asks callers for a key, where the listener asks for keys.
package struct AccessGate: Sendable {
    private let keys: (any KeyStore)?
    private let isLoopback: Bool
    private let clock: @Sendable () -> Timestamp

    /// A gate that is open to everybody.
    package static let open = AccessGate(keys: nil, isLoopback: true)

    /// - Parameter isLoopback: Whether the listener can be reached from this machine only. There, no key is asked
    ///   for until the first one exists.
    package init(
        keys: (any KeyStore)?, isLoopback: Bool, clock: @escaping @Sendable () -> Timestamp = { .init(milliseconds: 0) }
    ) {
        self.keys = keys
        self.isLoopback = isLoopback
        self.clock = clock
    }

    /// - Parameters:
    ///   - role: What the route asks for; `nil` for routes that anybody may call.
    ///   - authorization: The request's `Authorization` header.
    /// - Throws: `SecurityError`.
    package func check(_ role: Role?, authorization: String?) async throws {
        guard let role, let keys else { return }
        let presented = authorization.flatMap { KeyCheck.bearerText(authorization: $0) }
        if presented == nil, isLoopback, try await keys.keys().isEmpty { return }
        var record: KeyRecord?
        if let id = KeyCheck.keyID(in: presented) { record = try await keys.key(id: id) }
        try KeyCheck.authorize(presented: presented, record: record, now: clock(), required: role)
    }
}
