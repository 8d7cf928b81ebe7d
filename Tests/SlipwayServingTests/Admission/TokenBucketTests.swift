// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayServing
import Testing

@Suite("Token bucket")
struct TokenBucketTests {
    private let start = ContinuousClock.now

    @Test("holds a minute's amount and then exactly what flows in", arguments: [1, 7, 60, 1000, 123_457])
    func refill(perMinute: Int) {
        var bucket = TokenBucket(perMinute: perMinute, now: start)
        for _ in 0..<perMinute {
            #expect(bucket.verdict(on: 1, now: start) == .fits)
            bucket.take(1, now: start)
        }
        guard case .fitsAfter(let time) = bucket.verdict(on: 1, now: start) else {
            Issue.record("an empty bucket has nothing")
            return
        }
        // Each take is rounded down by less than an attosecond.
        let exact = Duration(attoseconds: 60_000_000_000_000_000_000 / Int128(perMinute))
        #expect(time <= exact && time >= exact - Duration(attoseconds: Int128(perMinute)))
        #expect(bucket.verdict(on: 1, now: start + time) == .fits)
        #expect(bucket.verdict(on: 1, now: start + time - Duration(attoseconds: 1)) != .fits)
    }

    @Test("tells to the attosecond when a large amount fits")
    func exactTime() {
        var bucket = TokenBucket(perMinute: 600, now: start)
        bucket.take(500, now: start)
        #expect(bucket.verdict(on: 100, now: start) == .fits)
        #expect(bucket.verdict(on: 101, now: start) == .fitsAfter(.milliseconds(100)))
        #expect(bucket.verdict(on: 350, now: start) == .fitsAfter(.seconds(25)))
        #expect(bucket.verdict(on: 350, now: start + .seconds(24)) == .fitsAfter(.seconds(1)))
        #expect(bucket.verdict(on: 350, now: start + .seconds(25)) == .fits)
        #expect(bucket.verdict(on: 351, now: start + .seconds(25)) != .fits)
        #expect(!bucket.isFull(start + .seconds(49)))
        #expect(bucket.isFull(start + .seconds(50)))
    }

    @Test("never holds more than a minute's amount")
    func capacity() {
        var bucket = TokenBucket(perMinute: 10, now: start)
        bucket.take(10, now: start + .seconds(1_000_000))
        #expect(bucket.verdict(on: 1, now: start + .seconds(1_000_000)) == .fitsAfter(.seconds(6)))
    }

    @Test("an amount above the whole bucket never fits, and none always does", arguments: [-1, 0, 5, Int.max])
    func neverFits(perMinute: Int) {
        let bucket = TokenBucket(perMinute: perMinute, now: start)
        #expect(bucket.verdict(on: 0, now: start) == .fits)
        if perMinute < 6 { #expect(bucket.verdict(on: 6, now: start) == .neverFits) }
        if perMinute < 1 { #expect(bucket.verdict(on: 1, now: start) == .neverFits) }
    }

    @Test("the largest amounts do not overflow")
    func extremes() {
        var bucket = TokenBucket(perMinute: .max, now: start)
        bucket.take(bucket.perMinute, now: start)
        #expect(bucket.verdict(on: bucket.perMinute, now: start) == .fitsAfter(.seconds(60)))
        #expect(bucket.verdict(on: .max, now: start) == .neverFits)
    }

    @Test("a clock that goes back counts as standing still")
    func clockJump() {
        var bucket = TokenBucket(perMinute: 60, now: start)
        bucket.take(60, now: start)
        #expect(bucket.verdict(on: 1, now: start - .seconds(3600)) == .fitsAfter(.seconds(1)))
        bucket.take(0, now: start - .seconds(3600))
        #expect(bucket.verdict(on: 30, now: start + .seconds(30)) == .fits)
    }

    @Test("keeps how full it is when its amount changes")
    func update() {
        var bucket = TokenBucket(perMinute: 60, now: start)
        bucket.take(45, now: start)
        bucket.update(perMinute: 600)
        #expect(bucket.verdict(on: 150, now: start) == .fits)
        #expect(bucket.verdict(on: 151, now: start) == .fitsAfter(.milliseconds(100)))
        bucket.update(perMinute: 4)
        #expect(bucket.verdict(on: 1, now: start) == .fits)
        #expect(bucket.verdict(on: 2, now: start) == .fitsAfter(.seconds(15)))
    }

    @Test("over any span lets through at most a bucket and what flowed in", arguments: 1...10 as ClosedRange<UInt64>)
    func bound(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let perMinute = Int.random(in: 1...5000, using: &random)
        var bucket = TokenBucket(perMinute: perMinute, now: start)
        var now = start
        var taken = 0
        for _ in 0..<2000 {
            now += .milliseconds(Int.random(in: 0...200, using: &random))
            let amount = Int.random(in: 0...(perMinute / 10 + 1), using: &random)
            if bucket.verdict(on: amount, now: now) == .fits {
                bucket.take(amount, now: now)
                taken += amount
            }
            let allowed = Double(perMinute) * (1 + (now - start) / .seconds(60))
            // 2,000 roundings of an attosecond are far below a millionth of one token.
            #expect(Double(taken) <= allowed + 1e-6)
        }
        // The demand is above the quota, so that it is used up but for one refused amount.
        let demanded = Double(perMinute) * (1 + (now - start) / .seconds(60)) - Double(perMinute / 10 + 1)
        #expect(Double(taken) >= min(demanded, Double(perMinute)) - 1e-6)
    }
}
