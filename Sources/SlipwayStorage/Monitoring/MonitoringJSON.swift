// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
import SlipwayRegistry

/// Values inside a column, as JSON with sorted keys; numbers that are not finite are words, which a statistic may be.
enum MonitoringJSON {
    static func encode(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    static func decode<T: Decodable>(_ row: Row, _ column: String, as type: T.Type = T.self) throws -> T {
        let text: String = try row.value(column)
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        do {
            return try decoder.decode(T.self, from: Data(text.utf8))
        } catch {
            throw RegistryError(
                .corrupt, "a row of the monitoring database holds an unreadable '\(column)'", cause: error,
                location: column)
        }
    }
}
