// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// What is captured of an endpoint.
package struct CaptureDTO: Sendable, Hashable, Codable {
    package var endpoint: String
    /// Oldest first.
    package var segments: [CaptureSegmentDTO]
    /// Requests since the server started: `offered`, `kept`, and `dropped` by reason as `dropped_queue_full`; empty
    /// where no server runs.
    package var counts: [String: Int]

    package init(endpoint: String, segments: [CaptureSegmentDTO], counts: [String: Int] = [:]) {
        self.endpoint = endpoint
        self.segments = segments
        self.counts = counts
    }
}

/// One file of captured requests: an Arrow IPC file.
package struct CaptureSegmentDTO: Sendable, Hashable, Codable {
    /// Its file name within the endpoint's folder.
    package var name: String
    package var startedAt: Timestamp
    /// `nil` while it is written.
    package var endedAt: Timestamp?
    package var rows: Int
    package var byteCount: Int

    package init(name: String, startedAt: Timestamp, endedAt: Timestamp?, rows: Int, byteCount: Int) {
        self.name = name
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.rows = rows
        self.byteCount = byteCount
    }
}

/// Which captured requests are wanted in one file, with their labels.
package struct ExportRequest: Sendable, Hashable {
    /// From this instant on, and before that one; `nil` for all.
    package var from: Timestamp?
    package var until: Timestamp?
    /// Only what this version answered.
    package var version: VersionID?
    /// Only requests that a label came for.
    package var onlyLabelled: Bool

    package init(
        from: Timestamp? = nil, until: Timestamp? = nil, version: VersionID? = nil, onlyLabelled: Bool = false
    ) {
        self.from = from
        self.until = until
        self.version = version
        self.onlyLabelled = onlyLabelled
    }
}

/// Requests whose captured data are to go.
package struct EraseRequest: Sendable, Hashable, Codable {
    package static let maximumItems = 10_000

    package var requestIDs: [String]

    package init(requestIDs: [String]) { self.requestIDs = requestIDs }
}

/// What was erased.
package struct EraseDTO: Sendable, Hashable, Codable {
    package var rows: Int
    /// Segments that were written anew, or removed because nothing was left.
    package var segments: Int
    /// Segments that another process writes: they hold what they hold until they are sealed; erase again then.
    package var stillOpen: Int
    /// Torn and damaged files that went, because nobody can tell what is in them.
    package var filesRemoved: Int

    package init(rows: Int, segments: Int, stillOpen: Int = 0, filesRemoved: Int = 0) {
        self.rows = rows
        self.segments = segments
        self.stillOpen = stillOpen
        self.filesRemoved = filesRemoved
    }
}
