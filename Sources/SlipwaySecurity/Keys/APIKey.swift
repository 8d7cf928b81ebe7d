// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// An API key with its secret, as its holder has it: `slw_<id>_<secret>`.
///
/// The id (64 bits) names the key in lists and logs; the secret (256 random bits) proves that one holds it.
/// Both are lower-case hexadecimal. Only the secret's hash is ever stored, see ``KeyRecord``.
package struct APIKey: Sendable, CustomStringConvertible {
    static let prefix = "slw"
    static let idDigits = 16
    static let secretDigits = 64

    package let id: String
    private let secret: String

    private init(id: String, secret: String) {
        self.id = id
        self.secret = secret
    }

    /// Makes a new key from the system's source of secure random numbers.
    package static func generate() -> APIKey {
        var generator = SystemRandomNumberGenerator()
        return generate(using: &generator)
    }

    /// Makes a new key from a given source; it must be cryptographically secure outside tests.
    package static func generate(using generator: inout some RandomNumberGenerator) -> APIKey {
        let words = (0..<5).map { _ in UInt64.random(in: .min ... .max, using: &generator).hexadecimal }
        return APIKey(id: words[0], secret: words[1...].joined())
    }

    /// Reads a key as ``text`` writes it.
    ///
    /// - Throws: ``SecurityError`` `malformedKey`; the message holds nothing of the text.
    package init(parsing text: String) throws(SecurityError) {
        guard text.utf8.count == Self.prefix.utf8.count + 2 + Self.idDigits + Self.secretDigits else {
            throw .malformedKey
        }
        let parts = text.split(separator: "_", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == Self.prefix,
            parts[1].utf8.count == Self.idDigits, Self.isHexadecimal(parts[1]),
            parts[2].utf8.count == Self.secretDigits, Self.isHexadecimal(parts[2])
        else { throw .malformedKey }
        id = String(parts[1])
        secret = String(parts[2])
    }

    /// The whole key, secret included: shown once to the person who made it.
    package var text: String { "\(Self.prefix)_\(id)_\(secret)" }

    /// The key without its secret, so that a log line cannot betray it.
    package var description: String { "\(Self.prefix)_\(id)_..." }

    /// What is stored of the key.
    package func record(
        role: Role, label: String, createdAt: Timestamp, expiresAt: Timestamp? = nil
    ) -> KeyRecord {
        KeyRecord(
            id: id, role: role, label: label, secretHash: secretHash, createdAt: createdAt, expiresAt: expiresAt)
    }

    /// Checks that this is the key of `record` and that it has not expired.
    ///
    /// Takes the same time wherever the hashes differ, so that answers tell nothing about a stored hash.
    ///
    /// - Throws: ``SecurityError`` `unauthenticated` or `expired`.
    package func verify(against record: KeyRecord, now: Timestamp) throws(SecurityError) {
        guard id == record.id, Self.isEqualInConstantTime(secretHash.hex, record.secretHash.hex) else {
            throw .unauthenticated
        }
        if let expiry = record.expiresAt, now >= expiry { throw .expired(at: expiry) }
    }

    private var secretHash: Digest { SHA256Hasher.digest(of: Array(secret.utf8)) }

    /// - Precondition: Both are digests and so have 64 digits; other lengths compare unequal.
    static func isEqualInConstantTime(_ left: String, _ right: String) -> Bool {
        let left = Array(left.utf8)
        let right = Array(right.utf8)
        guard left.count == right.count else { return false }
        var difference: UInt8 = 0
        for index in left.indices { difference |= left[index] ^ right[index] }
        return difference == 0
    }

    private static func isHexadecimal(_ text: Substring) -> Bool {
        text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}
