// SPDX-License-Identifier: Apache-2.0

/// Decides when a connection's peer is too slow to be waited for: it reads no answer, or hardly sends its body.
///
/// What happens on the connection is only counted; the counts are judged by checks some seconds apart. A peer is
/// therefore found out up to one interval late, and no request pays for a clock.
package struct StallWatch: Sendable {
    /// How patient the server is with peers.
    package struct Limits: Sendable {
        /// A peer that takes nothing of its answer for so long has gone, or holds the answer's memory on purpose.
        ///
        /// What counts is what the socket takes, and Linux lets it take more only when a third of its buffer is free
        /// again: with its default of at most 4 MiB, peers that read 25 KB/s always count as reading.
        package var writeStall: Duration = .seconds(60)
        /// A body is not judged before: a slow start of a connection is no fault.
        package var bodyGrace: Duration = .seconds(30)
        /// Far below any link that carries tensors, far above a peer that sends a byte now and then to stay connected.
        package var leastBodyRate: UInt64 = 1024
        /// From the first byte of a head to its last: a head is at most some packets.
        package var head: Duration = .seconds(20)
        /// Short against the limits; long enough for thousands of idle connections to cost nothing.
        package var interval: Duration = .seconds(10)

        package init() {}
    }

    package enum Verdict: Sendable, Hashable {
        case fine
        /// Bytes of an answer wait, and none has left for ``Limits/writeStall``.
        case writeStalled
        /// A body comes slower than ``Limits/leastBodyRate``.
        case bodyTooSlow
        /// A head has begun and does not end.
        case headTooSlow
    }

    private struct WaitingWrite {
        /// Bytes that had left when this was noted.
        var sent: UInt64
        var since: ContinuousClock.Instant
    }

    private struct OpenBody {
        let request: UInt64
        /// When it was first seen unfinished, moved on by the time the server itself did not read.
        var since: ContinuousClock.Instant
        var checkedAt: ContinuousClock.Instant
    }

    private let limits: Limits
    /// Requests whose head came.
    private var request: UInt64 = 0
    private var isBodyOpen = false
    private var bodyBytes: UInt64 = 0
    /// The peer sends the newest body only when it is told to: until then it is not slow.
    private var isWaitingForContinue = false
    private var writtenBytes: UInt64 = 0
    private var waitingWrite: WaitingWrite?
    private var openBody: OpenBody?
    private var isHeadOpen = false
    /// When the head was first seen unfinished.
    private var openHead: ContinuousClock.Instant?

    package init(limits: Limits) { self.limits = limits }

    /// Bytes came that make no request yet, while none is being worked on.
    package mutating func headBegan() { isHeadOpen = true }

    /// - Parameter waitsForContinue: Whether the peer sends the body only when it is told to, or when it tires.
    package mutating func headReceived(waitsForContinue: Bool = false) {
        request &+= 1
        isWaitingForContinue = waitsForContinue
        isHeadOpen = false
        openHead = nil
        isBodyOpen = true
        bodyBytes = 0
    }

    package mutating func bodyReceived(_ count: Int) {
        isWaitingForContinue = false
        bodyBytes &+= UInt64(max(0, count))
    }

    /// The newest body is going to be read, or the answer to its request begins.
    ///
    /// - Returns: Whether the peer still waits for a word before it sends the body.
    @discardableResult
    package mutating func waitEnds() -> Bool {
        defer { isWaitingForContinue = false }
        return isWaitingForContinue
    }

    package mutating func requestEnded() { isBodyOpen = false }

    /// Bytes of an answer's body were handed to the connection; they may wait there.
    package mutating func bodyWritten(_ count: Int) { writtenBytes &+= UInt64(max(0, count)) }

    /// Judges the peer.
    ///
    /// - Parameters:
    ///   - waitingBytes: Bytes handed to the connection that the socket has not taken.
    ///   - isReading: Whether the server wants more bytes now; while it does not, a body cannot come.
    package mutating func check(now: ContinuousClock.Instant, waitingBytes: Int, isReading: Bool) -> Verdict {
        if isWriteStalled(now, waitingBytes) { return .writeStalled }
        if isHeadTooSlow(now) { return .headTooSlow }
        return isBodyTooSlow(now, isReading && !isWaitingForContinue) ? .bodyTooSlow : .fine
    }

    private mutating func isWriteStalled(_ now: ContinuousClock.Instant, _ waitingBytes: Int) -> Bool {
        guard waitingBytes > 0 else {
            waitingWrite = nil
            return false
        }
        // Heads wait too and are not counted as written: that may turn this back once an answer, a change all the same.
        let sent = writtenBytes &- UInt64(waitingBytes)
        guard let waiting = waitingWrite, waiting.sent == sent else {
            waitingWrite = WaitingWrite(sent: sent, since: now)
            return false
        }
        return now - waiting.since >= limits.writeStall
    }

    private mutating func isHeadTooSlow(_ now: ContinuousClock.Instant) -> Bool {
        guard isHeadOpen else { return false }
        guard let openHead else {
            self.openHead = now
            return false
        }
        return now - openHead >= limits.head
    }

    private mutating func isBodyTooSlow(_ now: ContinuousClock.Instant, _ isReading: Bool) -> Bool {
        guard isBodyOpen else {
            openBody = nil
            return false
        }
        guard var open = openBody, open.request == request else {
            openBody = OpenBody(request: request, since: now, checkedAt: now)
            return false
        }
        if !isReading { open.since += now - open.checkedAt }
        open.checkedAt = now
        openBody = open
        let elapsed = now - open.since
        guard isReading, elapsed >= limits.bodyGrace else { return false }
        return bodyBytes < UInt64(max(0, elapsed.components.seconds)) * limits.leastBodyRate
    }
}
