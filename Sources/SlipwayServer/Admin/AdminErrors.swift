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
        } catch let error as DecodingError {
            throw ServerError(.badBody, "the body is not JSON of \(T.self): \(why(error))")
        } catch {
            throw ServerError(.badBody, "the body is not JSON of \(T.self)", cause: error)
        }
    }

    /// The member that does not fit, and what is wrong with it.
    private static func why(_ error: DecodingError) -> String {
        switch error {
        case .keyNotFound(let key, let context): "'\(path(context.codingPath + [key]))' is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context): told(context)
        case .dataCorrupted(let context): told(context)
        @unknown default: "it cannot be read"
        }
    }

    private static func told(_ context: DecodingError.Context) -> String {
        context.codingPath.isEmpty
            ? context.debugDescription : "'\(path(context.codingPath))': \(context.debugDescription)"
    }

    /// `canaries[0].share`
    private static func path(_ keys: [any CodingKey]) -> String {
        keys.reduce("") { path, key in
            if let index = key.intValue { return "\(path)[\(index)]" }
            return path.isEmpty ? key.stringValue : "\(path).\(key.stringValue)"
        }
    }
}
