// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
package import SlipwayMonitoring
package import SlipwayWire

/// What only the serving process knows: what its monitors say now.
///
/// Admin routes call it; every requirement is quick unless it says otherwise, and may be called from any task.
package protocol LiveMonitor: Sendable {
    /// The latest report, of all replicas as far as this one knows.
    var report: SignalReport { get }
    /// Earlier values of an endpoint's readings, oldest first.
    func history(of endpoint: String) -> [SignalKey: [Double]]
    /// Alerts of an endpoint that are pending or firing.
    func alerts(of endpoint: String) -> [Alert]
    /// Predictions that wait for a label, and feedback by what became of it, by name.
    func labelCounts(of endpoint: String) -> [String: Int]
    /// Requests offered to the capture log, kept, and dropped by reason, by name.
    func captureCounts(of endpoint: String) -> [String: Int]
    /// Joins labels to the predictions of an endpoint, writes them down first, and gives a result for each in order.
    ///
    /// - Throws: An error with `unavailable` or `outOfResources` when they cannot be written down; none is joined.
    func join(_ feedback: [Feedback], to endpoint: String) async throws -> [FeedbackResult]
    /// Profiles or silences were changed by this process: reads them again.
    func refresh() async
    /// What happened lately.
    var events: EventRing { get }
}

/// Captured requests on disk, as the admin API needs them.
package protocol CaptureArchive: Sendable {
    /// Oldest first.
    func segments(of endpoint: String) async throws -> [CaptureSegment]
    /// Reads a segment from front to back, piece by piece; the file stays whole meanwhile.
    ///
    /// - Parameter name: As ``segments(of:)`` tells it; any other is `notFound`.
    func read(
        _ name: String, of endpoint: String, _ body: @Sendable (_ piece: [UInt8]) async throws -> Void
    ) async throws
    /// Reads captured requests, each with the label that came for it, as one Arrow IPC file, piece by piece.
    func export(
        _ request: ExportRequest, of endpoint: String, _ body: @Sendable (_ piece: [UInt8]) async throws -> Void
    ) async throws
    /// Removes the rows of requests for good.
    ///
    func erase(_ requestIDs: Set<String>, of endpoint: String) async throws -> EraseDTO
}

/// One file of captured requests.
package struct CaptureSegment: Sendable, Hashable {
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

/// Makes reference profiles out of data sets.
package protocol ProfileMaker: Sendable {
    /// Asks a version for every row and keeps what rows and answers look like; does not store it.
    ///
    /// - Parameters:
    ///   - path: A file of this machine.
    ///   - name: Whose ending tells the format.
    ///   - labels: The column with the truth; `nil` where there is none.
    ///   - progress: Called now and then with the fraction done, 0 to 1.
    func profile(
        _ version: VersionID, path: String, name: String, labels: String?,
        progress: @escaping @Sendable (Double) -> Void
    ) async throws -> ReferenceProfile
}

/// The parts that administration of monitoring works on; what a process does not have is `nil`.
package struct MonitoringParts: Sendable {
    package var store: (any MonitoringStore)?
    /// In a process that serves.
    package var live: (any LiveMonitor)?
    package var captures: (any CaptureArchive)?
    package var profiles: (any ProfileMaker)?
    /// Names of the receivers that rules and guards may name; `nil` when they are not known.
    package var receivers: [String]?

    package init(
        store: (any MonitoringStore)? = nil, live: (any LiveMonitor)? = nil, captures: (any CaptureArchive)? = nil,
        profiles: (any ProfileMaker)? = nil
    ) {
        self.store = store
        self.live = live
        self.captures = captures
        self.profiles = profiles
    }
}
