// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayRegistry
import SlipwaySecurity
import SlipwayServer
import Testing

@Suite("Callers")
struct CallerBookTests {
    private let store = InMemoryMetadataStore()
    private var book: CallerBook { CallerBook(keys: store, clock: { Timestamp(milliseconds: 1000) }) }

    private func key(expiresAt: Timestamp? = nil) async throws -> APIKey {
        let key = APIKey.generate()
        try await store.addKey(
            key.record(role: .viewer, label: "", createdAt: Timestamp(milliseconds: 0), expiresAt: expiresAt))
        return key
    }

    @Test("a valid key tells who it is, wherever it comes from")
    func valid() async throws {
        let key = try await key()
        #expect(await book.identity(authorization: "Bearer \(key.text)", address: "10.0.0.1") == "key:\(key.id)")
    }

    @Test("without a key, or with one that is not valid, the address counts")
    func address() async throws {
        let expired = try await key(expiresAt: Timestamp(milliseconds: 999))
        let unknown = APIKey.generate()
        for text in ["Bearer \(expired.text)", "Bearer \(unknown.text)", "Bearer x", "Basic abc", ""] {
            #expect(await book.identity(authorization: text, address: "10.0.0.1") == "10.0.0.1")
        }
        #expect(await book.identity(authorization: nil, address: "10.0.0.2") == "10.0.0.2")
        #expect(await book.identity(authorization: nil, address: nil) == "")
    }

    @Test("a key is looked up once for many requests")
    func remembered() async throws {
        let key = try await key()
        let book = book
        #expect(await book.identity(authorization: "Bearer \(key.text)", address: nil) == "key:\(key.id)")
        try await store.removeKey(id: key.id)
        #expect(await book.identity(authorization: "Bearer \(key.text)", address: nil) == "key:\(key.id)")
    }
}
