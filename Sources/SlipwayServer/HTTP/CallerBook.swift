// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
package import SlipwaySecurity
import Synchronization

/// Tells callers of inference apart, for quotas and fair sharing: by their API key, or else by their network address.
///
/// Nobody needs a key to infer. A key that is not valid counts for nothing: its caller is known by the address.
package final class CallerBook: Sendable {
    private struct Finding {
        /// `nil` for a key that is not valid.
        let keyID: String?
        let expiry: ContinuousClock.Instant
    }

    /// How long a finding counts: a revoked key is noticed after this.
    static let lifetime: Duration = .seconds(10)
    /// Keys remembered; when there are more, all are asked for again.
    static let capacity = 1024

    private let keys: (any KeyStore)?
    private let clock: @Sendable () -> Timestamp
    private let findings = Mutex<[String: Finding]>([:])

    /// - Parameter keys: `nil` where callers are not told apart.
    package init(keys: (any KeyStore)?, clock: @escaping @Sendable () -> Timestamp) {
        self.keys = keys
        self.clock = clock
    }

    /// - Parameters:
    ///   - authorization: The request's `Authorization` header.
    ///   - address: The peer's network address without the port; `nil` when there is none.
    package func identity(authorization: String?, address: String?) async -> String {
        if let presented = authorization.flatMap({ KeyCheck.bearerText(authorization: $0) }),
            let id = await keyID(presented)
        {
            return "key:" + id
        }
        return address ?? ""
    }

    private func keyID(_ presented: String) async -> String? {
        guard let keys else { return nil }
        let now = ContinuousClock.now
        if let known = findings.withLock({ $0[presented] }), known.expiry > now { return known.keyID }
        guard let id = KeyCheck.keyID(in: presented) else { return nil }
        // A store that does not answer says nothing about the key: asked again with the next request.
        guard let record = try? await keys.key(id: id) else { return nil }
        let isValid =
            (try? KeyCheck.authorize(presented: presented, record: record, now: clock(), required: .viewer)) != nil
        let finding = Finding(keyID: isValid ? id : nil, expiry: now + Self.lifetime)
        findings.withLock { findings in
            if findings.count >= Self.capacity { findings.removeAll(keepingCapacity: true) }
            findings[presented] = finding
        }
        return finding.keyID
    }
}
