// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SlipwayCore
import SlipwayWire

/// Bodies of errors: the inference protocols' `{"error":...}`, and the admin API's with code and category beside it.
enum AdminErrors {
    static func reply(to error: any Error, on surface: ErrorTable.Surface) -> (status: Int, body: [UInt8]) {
        guard surface == .admin, let body = try? AdminJSON.encode(ErrorDTO(describing: error)) else {
            return ErrorTable.reply(to: error, on: surface)
        }
        return (ErrorTable.httpStatus(for: ErrorTable.category(of: error), on: surface), body)
    }
}

/// JSON of the admin API's types.
enum AdminJSON {
    static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(value))
    }

    static func decode<T: Decodable>(_ type: T.Type, from bytes: [UInt8]) throws -> T {
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch {
            throw ServerError(.badBody, "the body is not JSON of \(T.self)", cause: error)
        }
    }
}
