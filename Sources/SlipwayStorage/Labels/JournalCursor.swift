// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayMonitoring
import SlipwayRegistry

/// Reads the records of segments one after another, a segment in memory at a time.
struct JournalCursor {
    private var paths: ArraySlice<(path: String, bytes: Int)>
    private var bytes: [UInt8] = []
    private var offset = 0
    private let since: Timestamp

    init(paths: [(String, Int)], since: Timestamp) {
        self.paths = paths.map { (path: $0.0, bytes: $0.1) }[...]
        self.since = since
    }

    /// `nil` at the end.
    mutating func next() throws -> JournalStream.Numbered? {
        while true {
            while let (numbered, end) = bytes.withUnsafeBytes({ JournalFrame.decode($0, at: offset) }) {
                offset = end
                if numbered.record.at >= since { return numbered }
                // A step of the clock counts whatever its time: it moves those before it.
                if case .clockStep = numbered.record { return numbered }
            }
            guard let segment = paths.popFirst() else { return nil }
            bytes = try Self.contents(of: segment)
            offset = JournalHeader.byteCount
        }
    }

    /// Nothing of a segment that its writer has just made or removed.
    private static func contents(of segment: (path: String, bytes: Int)) throws -> [UInt8] {
        do {
            let bytes = Array(try JournalStream.contents(of: segment.path).prefix(segment.bytes))
            return bytes.withUnsafeBytes { JournalHeader.decode($0) } == nil ? [] : bytes
        } catch let error as RegistryError where error.code == .notFound {
            return []
        }
    }
}
