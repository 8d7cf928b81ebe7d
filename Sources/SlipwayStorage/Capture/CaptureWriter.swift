// SPDX-License-Identifier: Apache-2.0

import Dispatch
package import SlipwayCore
package import SlipwayMonitoring
package import SlipwayRegistry
import Synchronization

/// Captures requests: takes them from whoever serves without ever waiting, and writes them on one thread of its own.
///
/// The queue is bounded in requests and bytes. Every request that is drawn is counted as offered, and then as kept, as
/// dropped with its reason, or as pending: none is lost uncounted as long as the process lives.
package final class CaptureWriter: Sendable {
    private struct Shared {
        var specs: [String: CaptureSpec] = [:]
        /// With the bytes that they will take.
        var waiting: [(batch: PredictionBatch, bytes: Int)] = []
        var waitingCount = 0
        var waitingBytes = 0
        var counts: [String: CaptureCounts] = [:]
        /// Whether the thread has been told that there is work.
        var isDraining = false
        var isStopped = false
        var trouble: String?
        /// Draws requests that have no id.
        var anonymous: UInt64 = 0
    }

    private let store: CaptureStore
    private let limits: CaptureLimits
    private let clock: WallClock
    private let shared = Mutex(Shared())
    private let session: Mutex<CaptureSession>
    private let queue = DispatchQueue(label: "slipway.capture", qos: .utility)

    /// Sets what dead writers left aside, on its own thread.
    ///
    /// - Parameter ticks: Whether it looks at the time by itself, each second; tests call ``tick()``.
    package init(
        store: CaptureStore, limits: CaptureLimits = CaptureLimits(), clock: @escaping WallClock = Timestamp.systemNow,
        ticks: Bool = true
    ) {
        self.store = store
        self.limits = limits
        self.clock = clock
        session = Mutex(CaptureSession(store: store, limits: limits))
        // A home that cannot be read now is told of when something is written.
        queue.async { _ = try? store.setTornAsideNow() }
        if ticks { Self.tickLater(self, on: queue) }
    }

    /// Goes on as long as the writer lives.
    private static func tickLater(_ writer: CaptureWriter, on queue: DispatchQueue) {
        queue.asyncAfter(deadline: .now() + 1) { [weak writer] in
            guard let writer else { return }
            writer.tickNow()
            tickLater(writer, on: queue)
        }
    }

    /// The endpoints that are captured from now on, each with how; segments of others are sealed at the next tick.
    package func configure(_ specs: [String: CaptureSpec]) { shared.withLock { $0.specs = specs } }

    /// Takes copies of those requests of an endpoint that are drawn, if it is captured; never waits for the disk.
    package func offer(_ predictions: [PackedPrediction], of endpoint: String) {
        let starts = shared.withLock { shared -> Bool in
            guard let spec = shared.specs[endpoint] else { return false }
            var counts = shared.counts[endpoint] ?? CaptureCounts()
            let bytes = shared.waitingBytes
            let taken = predictions.filter { Self.takes($0, spec, limits, &shared, &counts) }
            shared.counts[endpoint] = counts
            guard !taken.isEmpty else { return false }
            shared.waiting.append((PredictionBatch(copying: taken), shared.waitingBytes - bytes))
            defer { shared.isDraining = true }
            return !shared.isDraining
        }
        if starts { queue.async { self.drain() } }
    }

    private static func takes(
        _ prediction: PackedPrediction, _ spec: CaptureSpec, _ limits: CaptureLimits, _ shared: inout Shared,
        _ counts: inout CaptureCounts
    ) -> Bool {
        let id: String
        if let known = prediction.requestID {
            id = known
        } else {
            shared.anonymous &+= 1
            id = String(shared.anonymous)
        }
        guard CaptureSampling.isDrawn(id, rate: spec.rate) else {
            counts.passedOver += 1
            return false
        }
        counts.offered += 1
        if let reason = refusal(prediction, limits, shared) {
            counts.dropped[reason, default: 0] += 1
            return false
        }
        shared.waitingCount += 1
        shared.waitingBytes += prediction.observedBytes
        return true
    }

    private static func refusal(
        _ prediction: PackedPrediction, _ limits: CaptureLimits, _ shared: borrowing Shared
    ) -> CaptureDropReason? {
        if shared.isStopped { return .stopped }
        let byteCount = prediction.observedBytes
        // Each row repeats the request's id and parameters.
        let (context, overflow) = prediction.rows.multipliedReportingOverflow(by: 512)
        if overflow || byteCount > limits.requestBytes || context > limits.requestBytes { return .tooLarge }
        let isFull =
            shared.waitingCount >= limits.queuedRequests || shared.waitingBytes + byteCount > limits.queuedBytes
        return isFull ? .queueFull : nil
    }

    /// Counts since the process started; see ``CaptureCounts/byName``.
    package func counts(of endpoint: String) -> [String: Int] { captured(of: endpoint).byName }

    package func captured(of endpoint: String) -> CaptureCounts {
        shared.withLock { $0.counts[endpoint] ?? CaptureCounts() }
    }

    /// Counts of all endpoints that were ever offered something.
    package var allCounts: [String: CaptureCounts] { shared.withLock { $0.counts } }

    /// Why capture has stopped for a while, or had when it last tried; `nil` when all is well.
    package var trouble: String? { shared.withLock { $0.trouble } }

    /// Writes what waits and seals all segments; blocks until they are on the disk, so never call it where requests
    /// are served.
    package func flush() {
        queue.sync {
            writeWaiting()
            finish { session, now in session.sealAll(at: now) }
        }
    }

    /// Removes the rows of requests for good, those that still wait or lie in open segments too.
    ///
    /// - Throws: ``RegistryError``; what was erased until then stays so.
    package func erase(_ requestIDs: Set<String>, of endpoint: String) async throws -> CaptureErasure {
        await withCheckedContinuation { continuation in
            queue.async {
                self.writeWaiting()
                self.finish { session, now in session.sealAll(of: endpoint, at: now) }
                continuation.resume()
            }
        }
        return try await store.erase(requestIDs, of: endpoint)
    }

    /// Seals what is open for long, tries a disk that failed again, keeps to the bounds.
    package func tick() { queue.sync { tickNow() } }

    // MARK: - On the thread

    private func tickNow() {
        let specs = shared.withLock { $0.specs }
        finish { session, now in session.tick(specs, at: now) }
    }

    /// Writes what waits now, and lets others have the thread before what came meanwhile: under overload there is
    /// always more.
    private func drain() {
        writeWaiting()
        let isMore = shared.withLock { shared in
            shared.isDraining = !shared.waiting.isEmpty
            return shared.isDraining
        }
        if isMore { queue.async { self.drain() } }
    }

    /// Writes what waits as of now.
    private func writeWaiting() {
        let (waiting, specs) = shared.withLock { shared in
            defer {
                shared.waiting = []
                shared.waitingCount = 0
            }
            return (shared.waiting, shared.specs)
        }
        for (batch, bytes) in waiting {
            // Objects again only here, where they are let go of too.
            let predictions = batch.withPredictions { $0.map { $0.observation() } }
            finish { session, now in session.write(predictions, specs, at: now) }
            // Given back only now: bytes that are being written are in memory still.
            shared.withLock { $0.waitingBytes -= bytes }
        }
    }

    /// Does something with the open segments, and counts what came of it.
    private func finish(_ body: (inout CaptureSession, Timestamp) -> CaptureTally) {
        let now = clock()
        let (tally, isStopped, trouble) = session.withLock { session in
            let tally = body(&session, now)
            return (tally, session.gate.isClosed, session.gate.trouble)
        }
        shared.withLock { shared in
            for (endpoint, kept) in tally.kept { shared.counts[endpoint, default: CaptureCounts()].kept += kept }
            for (endpoint, dropped) in tally.dropped {
                shared.counts[endpoint, default: CaptureCounts()].dropped.merge(dropped, uniquingKeysWith: +)
            }
            shared.isStopped = isStopped
            shared.trouble = trouble
        }
    }
}
