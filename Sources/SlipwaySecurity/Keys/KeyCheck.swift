// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// Decides whether a caller may do something, from what it presented and what is stored.
///
/// Pure: the caller takes ``keyID(in:)``, looks the record up, and asks ``authorize(presented:record:now:required:)``.
package enum KeyCheck {
    /// The key's text in the value of an `Authorization` header; `nil` when it holds no bearer token.
    package static func bearerText(authorization value: String) -> String? {
        let parts = value.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        let text = parts[1].drop(while: { $0 == " " })
        return text.isEmpty ? nil : String(text)
    }

    /// The public id in a presented key, to look its record up; `nil` when it is no key.
    package static func keyID(in presented: String?) -> String? {
        guard let presented, let key = try? APIKey(parsing: presented) else { return nil }
        return key.id
    }

    /// Checks what a caller presented; a refusal says why, for the caller to read.
    ///
    /// - Parameters:
    ///   - presented: The key's text as the caller sent it; `nil` when it sent none.
    ///   - record: What is stored under the presented key's id; `nil` when nothing is.
    /// - Throws: ``SecurityError`` `malformedKey`, `unauthenticated`, `expired` or `forbidden`.
    @discardableResult
    package static func authorize(
        presented: String?, record: KeyRecord?, now: Timestamp, required: Role
    ) throws(SecurityError) -> KeyRecord {
        guard let presented else { throw .unauthenticated }
        let key = try APIKey(parsing: presented)
        guard let record else { throw .unauthenticated }
        try key.verify(against: record, now: now)
        guard record.role >= required else { throw .forbidden(required: required, held: record.role) }
        return record
    }
}
