// SPDX-License-Identifier: Apache-2.0

import SlipwayServer
import Testing

/// A watch whose checks come 10 s apart, and that waits 60 s for writes and 30 s for bodies of 1024 bytes/s.
private struct Rig {
    var watch: StallWatch
    private var now = ContinuousClock.now

    init() {
        var limits = StallWatch.Limits()
        limits.writeStall = .seconds(60)
        limits.bodyGrace = .seconds(30)
        limits.leastBodyRate = 1024
        watch = StallWatch(limits: limits)
    }

    mutating func check(waiting: Int = 0, isReading: Bool = true) -> StallWatch.Verdict {
        defer { now += .seconds(10) }
        return watch.check(now: now, waitingBytes: waiting, isReading: isReading)
    }

    /// The verdicts of so many checks with nothing in between.
    mutating func checks(_ count: Int, waiting: Int = 0, isReading: Bool = true) -> [StallWatch.Verdict] {
        (0..<count).map { _ in check(waiting: waiting, isReading: isReading) }
    }
}

@Suite("Peers that are too slow")
struct StallWatchTests {
    private let fine = StallWatch.Verdict.fine

    @Test("a connection where nothing happens is fine")
    func idle() {
        var rig = Rig()
        #expect(rig.checks(100).allSatisfy { $0 == fine })
    }

    // MARK: - Answers

    @Test("an answer of which no byte leaves for a minute is a stall", arguments: [1, 100_000])
    func stalledWrite(waiting: Int) {
        var rig = Rig()
        rig.watch.bodyWritten(100_000)
        #expect(rig.checks(6, waiting: waiting).allSatisfy { $0 == fine })
        #expect(rig.check(waiting: waiting) == .writeStalled)
    }

    @Test("a byte that leaves now and then is progress")
    func slowReader() {
        var rig = Rig()
        rig.watch.bodyWritten(1000)
        for sent in 0..<50 {
            let verdicts = rig.checks(6, waiting: 1000 - sent)
            #expect(verdicts.allSatisfy { $0 == fine })
        }
    }

    @Test("as many bytes waiting as before is progress when others left")
    func steadyStream() {
        var rig = Rig()
        for _ in 0..<50 {
            rig.watch.bodyWritten(4096)
            #expect(rig.check(waiting: 4096) == fine)
        }
    }

    @Test("bytes that are written and wait too are no progress")
    func writtenAndWaiting() {
        var rig = Rig()
        var verdicts: [StallWatch.Verdict] = []
        for piece in 1...7 {
            rig.watch.bodyWritten(10)
            verdicts.append(rig.check(waiting: piece * 10))
        }
        #expect(verdicts == Array(repeating: fine, count: 6) + [.writeStalled])
    }

    @Test("the time of a stall starts anew when all has left")
    func newAnswer() {
        var rig = Rig()
        for _ in 0..<10 {
            rig.watch.bodyWritten(500)
            #expect(rig.checks(6, waiting: 500).allSatisfy { $0 == fine })
            #expect(rig.check() == fine)
        }
    }

    // MARK: - Bodies

    @Test(
        "a body is judged from half a minute on, by its average",
        arguments: [
            // Bytes before each check; the check that finds them too few, `nil` for none of ten.
            (0, 3), (1000, 3), (7_679, 3), (7_680, 4), (9_000, 8), (10_240, nil), (1_000_000, nil),
        ] as [(Int, Int?)])
    func rate(bytes: Int, expected: Int?) {
        var rig = Rig()
        rig.watch.headReceived()
        let found = (0..<10).first { _ in
            rig.watch.bodyReceived(bytes)
            return rig.check() == .bodyTooSlow
        }
        #expect(found == expected)
    }

    @Test("what came fast at the start counts later")
    func average() {
        var rig = Rig()
        rig.watch.headReceived()
        rig.watch.bodyReceived(100 * 1024)
        #expect(rig.checks(11).allSatisfy { $0 == fine })
        #expect(rig.check() == .bodyTooSlow)
    }

    @Test("a request that came completely is not judged, however long its answer takes")
    func complete() {
        var rig = Rig()
        rig.watch.headReceived()
        #expect(rig.check() == fine)
        rig.watch.requestEnded()
        #expect(rig.checks(100).allSatisfy { $0 == fine })
    }

    @Test("each request has its own time")
    func nextRequest() {
        var rig = Rig()
        for _ in 0..<20 {
            rig.watch.headReceived()
            #expect(rig.checks(3).allSatisfy { $0 == fine })
            rig.watch.requestEnded()
        }
    }

    @Test("a request does not live on what the one before sent")
    func ownBytes() {
        var rig = Rig()
        rig.watch.headReceived()
        rig.watch.bodyReceived(1_000_000)
        rig.watch.requestEnded()
        rig.watch.headReceived()
        #expect(rig.checks(4) == [fine, fine, fine, .bodyTooSlow])
    }

    @Test("while the server does not read, the peer is not to blame")
    func serverPauses() {
        var rig = Rig()
        rig.watch.headReceived()
        #expect(rig.check() == fine)
        #expect(rig.checks(100, isReading: false).allSatisfy { $0 == fine })
        #expect(rig.checks(2).allSatisfy { $0 == fine })
        #expect(rig.check() == .bodyTooSlow)
    }

    @Test("a peer that waits to be told to send its body is not slow, from then on it has its time")
    func waiting() {
        var rig = Rig()
        rig.watch.headReceived(waitsForContinue: true)
        #expect(rig.checks(100).allSatisfy { $0 == fine })
        let waited = [rig.watch.waitEnds(), rig.watch.waitEnds()]
        #expect(waited == [true, false])
        #expect(rig.checks(2).allSatisfy { $0 == fine })
        #expect(rig.check() == .bodyTooSlow)
    }

    @Test("a peer that began to send waits no more")
    func waitedEnough() {
        var rig = Rig()
        rig.watch.headReceived(waitsForContinue: true)
        #expect(rig.check() == fine)
        rig.watch.bodyReceived(1)
        #expect(rig.checks(2).allSatisfy { $0 == fine })
        #expect(rig.check() == .bodyTooSlow)
        let isWaiting = rig.watch.waitEnds()
        #expect(!isWaiting)
    }

    // MARK: - Heads

    @Test("a head that has begun must end within 20 s, however many bytes come")
    func slowHead() {
        var rig = Rig()
        var verdicts: [StallWatch.Verdict] = []
        for _ in 0..<3 {
            rig.watch.headBegan()
            verdicts.append(rig.check())
        }
        #expect(verdicts == [fine, fine, .headTooSlow])
    }

    @Test("a head that came has no time any more, and the next one its own")
    func headReceived() {
        var rig = Rig()
        for _ in 0..<10 {
            rig.watch.headBegan()
            #expect(rig.checks(2).allSatisfy { $0 == fine })
            rig.watch.headReceived()
            rig.watch.requestEnded()
            #expect(rig.check() == fine)
        }
    }
}
