// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// One file of captured requests in an endpoint's folder.
package struct CaptureFile: Sendable, Hashable {
    package enum State: String, Sendable, Hashable {
        /// Whole, with its checksum; the only ones that are read.
        case sealed = "arrow"
        /// Being written.
        case open = "partial"
        /// Its writer died; set aside.
        case torn
        /// It was sealed and is no longer what it was; set aside.
        case damaged
    }

    /// With its ending: `1763800000000-1f0c9a3b0001.arrow`.
    package let name: String
    package let state: State
    /// When its first request came.
    package let startedAt: Timestamp
    package let byteCount: Int

    /// `nil` for names that no segment has.
    init?(name: String, byteCount: Int) {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let state = State(rawValue: String(parts[1])) else { return nil }
        let numbers = parts[0].split(separator: "-", omittingEmptySubsequences: false)
        guard numbers.count == 2, let start = Int64(numbers[0]), start >= 0, !numbers[1].isEmpty,
            numbers[1].utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { return nil }
        self.name = name
        self.state = state
        startedAt = Timestamp(milliseconds: start)
        self.byteCount = byteCount
    }

    /// The name under which a draft of the same segment is written, or a sealed one lies.
    static func name(_ stem: String, _ state: State) -> String { stem + "." + state.rawValue }

    var stem: String { String(name.dropLast(state.rawValue.utf8.count + 1)) }
}

/// What a segment says of itself.
package struct CaptureFacts: Sendable, Hashable {
    package var file: CaptureFile
    /// When its last request came; `nil` unless it is sealed.
    package var endedAt: Timestamp?
    package var rows: Int

    package init(file: CaptureFile, endedAt: Timestamp?, rows: Int) {
        self.file = file
        self.endedAt = endedAt
        self.rows = rows
    }
}
