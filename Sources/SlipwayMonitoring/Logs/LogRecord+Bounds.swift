// SPDX-License-Identifier: Apache-2.0

extension LogRecord {
    /// Bytes of all texts of the metadata together.
    private static let maximumMetadata = 16_384
    private static let maximumDepth = 4

    /// The record as it may wait in a queue: every text cut to what is ever written of it, 32 KiB in all at most.
    package var bounded: LogRecord {
        var record = self
        record.message = Self.cut(message, to: LogEncoder.maximumText)
        record.error = error.map { Self.cut($0, to: LogEncoder.maximumText) }
        var room = Self.maximumMetadata
        record.metadata = Self.cut(metadata, depth: 0, &room)
        return record
    }

    private static func cut(_ text: String, to limit: Int) -> String {
        let mark = "..."
        guard text.utf8.count > limit else { return text }
        var bytes = 0
        let kept = text.unicodeScalars.prefix { scalar in
            bytes += UTF8.width(scalar)
            return bytes + mark.utf8.count <= limit
        }
        return limit > mark.utf8.count ? String(kept) + mark : ""
    }

    private static func cut(_ values: [String: LogValue], depth: Int, _ room: inout Int) -> [String: LogValue] {
        var kept: [String: LogValue] = [:]
        for (key, value) in values.sorted(by: { $0.key < $1.key }).prefix(LogEncoder.maximumEntries) where room > 0 {
            let name = cut(key, to: room)
            room -= name.utf8.count
            kept[name] = cut(value, depth: depth, &room)
        }
        return kept
    }

    private static func cut(_ value: LogValue, depth: Int, _ room: inout Int) -> LogValue {
        switch value {
        case .text(let text):
            let kept = cut(text, to: min(room, LogEncoder.maximumText))
            room -= kept.utf8.count
            return .text(kept)
        case .integer: return value
        case .list where depth >= maximumDepth, .map where depth >= maximumDepth: return .text("...")
        case .list(let values):
            var kept: [LogValue] = []
            for value in values.prefix(LogEncoder.maximumEntries) where room > 0 {
                kept.append(cut(value, depth: depth + 1, &room))
            }
            return .list(kept)
        case .map(let values): return .map(cut(values, depth: depth + 1, &room))
        }
    }
}
