// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
import SlipwayCore
import SlipwayRegistry

// A damaged file may hold anything in any column: reading one must throw and never trap.
extension Row {
    func value<T: DatabaseValueConvertible>(_ column: String) throws -> T {
        guard let value: T = try optional(column) else { throw Self.unreadable(column) }
        return value
    }

    /// `nil` for NULL.
    func optional<T: DatabaseValueConvertible>(_ column: String) throws -> T? {
        let stored: DatabaseValue = self[column]
        if stored.isNull { return nil }
        guard let value = T.fromDatabaseValue(stored) else { throw Self.unreadable(column) }
        return value
    }

    func timestamp(_ column: String) throws -> Timestamp { Timestamp(milliseconds: try value(column)) }

    func digest(_ column: String) throws -> Digest {
        guard let digest = Digest(hex: try value(column)) else { throw Self.unreadable(column) }
        return digest
    }

    func json<T: Decodable>(_ column: String, as type: T.Type = T.self) throws -> T {
        try StoredJSON.decode(try value(column))
    }

    static func unreadable(_ column: String) -> RegistryError {
        RegistryError(
            .corrupt, "a row of the registry holds an unreadable '\(column)': restore it from a 'slipway backup'",
            location: column)
    }
}

/// Values inside a column, as JSON with sorted keys.
enum StoredJSON {
    static func encode(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    static func decode<T: Decodable>(_ text: String) throws -> T {
        do {
            return try JSONDecoder().decode(T.self, from: Data(text.utf8))
        } catch {
            throw RegistryError(
                .corrupt, "a row of the registry cannot be read: restore it from a 'slipway backup'", cause: error)
        }
    }
}
