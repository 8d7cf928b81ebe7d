// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwaySecurity
import Testing

@Suite("API keys")
struct APIKeyTests {
    let now = Timestamp(milliseconds: 1_000_000)

    @Test("are read back as they were written")
    func roundTrip() throws {
        let key = APIKey.generate()
        let read = try APIKey(parsing: key.text)
        #expect(read.text == key.text)
        #expect(read.id == key.id)
    }

    @Test("differ from one another in id and secret")
    func unique() {
        let keys = (0..<100).map { _ in APIKey.generate() }
        #expect(Set(keys.map(\.id)).count == 100)
        #expect(Set(keys.map { $0.text.suffix(64) }).count == 100)
    }

    @Test("keep their secret out of their description")
    func description() {
        let key = APIKey.generate()
        #expect("\(key)" == "slw_\(key.id)_...")
    }

    @Test(
        "are refused when they are not written as keys",
        arguments: [
            "", "slw_", "slw__", "Bearer x", String(repeating: "_", count: 85),
            "slw_0123456789abcdef_" + String(repeating: "a", count: 63),
            "slw_0123456789abcdef_" + String(repeating: "a", count: 65),
            "slw_0123456789ABCDEF_" + String(repeating: "a", count: 64),
            "abc_0123456789abcdef_" + String(repeating: "a", count: 64),
            "slw_0123456789abcde_a" + String(repeating: "a", count: 64),
            "slw_0123456789abcdef_" + String(repeating: "é", count: 32),
        ])
    func malformed(text: String) throws {
        let error = try #require(throws: SecurityError.self) { try APIKey(parsing: text) }
        #expect(error.code == .malformedKey)
        #expect(error.category == .unauthenticated)
    }

    @Test("are verified against the record of the same key only")
    func verify() throws {
        let key = APIKey.generate()
        let record = key.record(role: .viewer, label: "laptop", createdAt: now)
        try key.verify(against: record, now: now)
        let sameID = KeyRecord(
            id: key.id, role: .admin, label: "",
            secretHash: APIKey.generate().record(
                role: .admin, label: "", createdAt: now
            ).secretHash, createdAt: now, expiresAt: nil)
        let error = try #require(throws: SecurityError.self) { try key.verify(against: sameID, now: now) }
        #expect(error.code == .unauthenticated)
    }

    @Test("are not found in what is stored of them")
    func storedHash() {
        let key = APIKey.generate()
        let record = key.record(role: .viewer, label: "", createdAt: now)
        #expect(!key.text.contains(record.secretHash.hex))
    }

    @Test("expire at their instant, not before", arguments: [(-1, true), (0, false), (1, false)])
    func expiry(offset: Int64, isValid: Bool) {
        let key = APIKey.generate()
        let record = key.record(role: .viewer, label: "", createdAt: now, expiresAt: now)
        let then = Timestamp(milliseconds: now.milliseconds + offset)
        let verified = (try? key.verify(against: record, now: then)) != nil
        #expect(verified == isValid)
    }
}

@Suite("The key check")
struct KeyCheckTests {
    let now = Timestamp(milliseconds: 1_000_000)

    /// What kind of refusal a caller gets; `nil` when it may.
    private static func refusal(
        _ presented: String?, _ record: KeyRecord?, _ now: Timestamp, _ required: Role
    ) -> ErrorCategory? {
        do {
            let granted = try KeyCheck.authorize(presented: presented, record: record, now: now, required: required)
            return granted == record ? nil : .internal
        } catch {
            return error.category
        }
    }

    @Test("allows a role to do what lower roles may", arguments: Role.allCases, Role.allCases)
    func roles(held: Role, required: Role) {
        let key = APIKey.generate()
        let record = key.record(role: held, label: "", createdAt: now)
        let refusal = Self.refusal(key.text, record, now, required)
        #expect(refusal == (held >= required ? nil : .forbidden))
    }

    @Test("asks for a key when none came, or one that is unknown, wrong or expired")
    func unauthenticated() {
        let key = APIKey.generate()
        let record = key.record(role: .admin, label: "", createdAt: now, expiresAt: now)
        let earlier = Timestamp(milliseconds: 0)
        let check = { (presented: String?, record: KeyRecord?, time: Timestamp) in
            Self.refusal(presented, record, time, .viewer)
        }
        #expect(check(nil, nil, now) == .unauthenticated)
        #expect(check(nil, record, earlier) == .unauthenticated)
        #expect(check("nonsense", record, earlier) == .unauthenticated)
        #expect(check(key.text, nil, earlier) == .unauthenticated)
        #expect(check(APIKey.generate().text, record, earlier) == .unauthenticated)
        #expect(check(key.text, record, now) == .unauthenticated)
        #expect(check(key.text, record, earlier) == nil)
    }

    @Test(
        "finds the key in an Authorization header",
        arguments: [
            ("Bearer abc", "abc"), ("bearer  abc", "abc"), ("BEARER abc", "abc"), ("Basic abc", nil), ("Bearer", nil),
            ("Bearer ", nil), ("", nil),
        ])
    func bearer(header: String, text: String?) {
        #expect(KeyCheck.bearerText(authorization: header) == text)
    }

    @Test("tells the id of a presented key")
    func keyID() {
        let key = APIKey.generate()
        #expect(KeyCheck.keyID(in: key.text) == key.id)
        #expect(KeyCheck.keyID(in: "slw_") == nil)
        #expect(KeyCheck.keyID(in: nil) == nil)
    }
}
