// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// JSON as exports have it: the same bytes for the same value.
enum ExportJSON {
    static func bytes(_ value: some Encodable) throws(ControlError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        do {
            return Array(try encoder.encode(value)) + [0x0A]
        } catch {
            throw ControlError(.invalidRequest, "the version's description cannot be written as JSON", cause: error)
        }
    }

    static func read<T: Decodable>(_ type: T.Type, _ bytes: [UInt8], source: String) throws(ControlError) -> T {
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch {
            throw ControlError(.unreadable, "'\(source)' is not the JSON that is expected there", cause: error)
        }
    }
}
