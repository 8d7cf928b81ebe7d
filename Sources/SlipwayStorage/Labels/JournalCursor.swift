// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayMonitoring

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
            bytes = Array(try JournalStream.contents(of: segment.path).prefix(segment.bytes))
            offset = JournalHeader.byteCount
        }
    }
}
