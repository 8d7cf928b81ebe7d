// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import SlipwayCore

/// Drives the connections of one load test. Confined to one event loop: no lock, no other thread.
final class BenchRunner {
    /// How soon a connection that could not be made is tried again.
    private static let retryDelay = TimeAmount.milliseconds(20)
    /// Arrivals that wait for a connection time out on their own, so this may be longer than the plan's time-out.
    private static let connectTimeout = TimeAmount.seconds(10)
    private static let sweepInterval = TimeAmount.milliseconds(50)

    private let eventLoop: any EventLoop
    private let address: SocketAddress
    private let plan: BenchPlan
    private let request: ByteBuffer
    private let done: EventLoopPromise<BenchRecorder>

    private let startTime = NIODeadline.now().uptimeNanoseconds
    private let endTime: UInt64
    private let timeout: UInt64
    private var recorder: BenchRecorder
    private var schedule: ArrivalSchedule?
    /// Arrivals of an open loop that no connection has taken yet.
    private var waiting = CircularBuffer<UInt64>()
    /// Whether an arrival has its timer set: a late timer may fire after the end, and its request still counts.
    private var isArrivalDue = false
    private var idle: [BenchConnection] = []
    private var connections: [ObjectIdentifier: BenchConnection] = [:]
    private var connecting = 0
    private var isFinished = false
    private var sweeper: RepeatedTask?

    init(
        eventLoop: any EventLoop, address: SocketAddress, plan: BenchPlan, request: BenchRequest,
        done: EventLoopPromise<BenchRecorder>
    ) {
        self.eventLoop = eventLoop
        self.address = address
        self.plan = plan
        self.request = ByteBuffer(bytes: request.bytes)
        self.done = done
        let windowStart = startTime + plan.warmUp.clampedNanoseconds
        endTime = windowStart + plan.duration.clampedNanoseconds
        timeout = plan.timeout.clampedNanoseconds
        var isOpen = false
        if case .open(let rate, let seed) = plan.load {
            schedule = ArrivalSchedule(rate: rate, seed: seed)
            isOpen = true
        }
        recorder = BenchRecorder(window: windowStart..<endTime, countsByStart: isOpen)
    }

    private var now: UInt64 { NIODeadline.now().uptimeNanoseconds }

    func start() {
        switch plan.load {
        case .closed(let concurrency):
            for _ in 0..<concurrency { connect() }
        case .open:
            connect()
            scheduleArrival()
        }
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        sweeper = eventLoop.scheduleRepeatedTask(initialDelay: Self.sweepInterval, delay: Self.sweepInterval) { _ in
            bound.value.sweep()
        }
        eventLoop.scheduleTask(deadline: .uptimeNanoseconds(endTime)) { bound.value.windowEnded() }
    }

    // MARK: Connections

    private func connect() {
        guard !isFinished else { return }
        connecting += 1
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let request = request
        ClientBootstrap(group: eventLoop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .connectTimeout(Self.connectTimeout)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        BenchConnection(runner: bound.value, request: request))
                }
            }
            .connect(to: address)
            .assumeIsolated()
            .whenFailure { _ in self.connectionFailed() }
    }

    private func connectionFailed() {
        connecting -= 1
        guard !isFinished else { return }
        if let start = waiting.popFirst() {
            recorder.record(.notConnected, start: start, end: now)
        } else if schedule == nil {
            recorder.record(.notConnected, start: now, end: now)
        }
        finishIfDrained()
        retryConnection()
    }

    private func retryConnection() {
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        eventLoop.scheduleTask(in: Self.retryDelay) { bound.value.replaceConnection() }
    }

    private func replaceConnection() {
        // An open loop opens connections as it needs them.
        guard schedule == nil || (!waiting.isEmpty && connections.isEmpty && connecting == 0) else { return }
        connect()
    }

    func connectionOpened(_ connection: BenchConnection) {
        connecting -= 1
        connections[ObjectIdentifier(connection)] = connection
        guard !isFinished else { return connection.close() }
        becameIdle(connection)
    }

    func connectionClosed(_ connection: BenchConnection) {
        guard connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
        idle.removeAll { $0 === connection }
        guard !isFinished else { return }
        if schedule == nil { connect() } else { dispatch() }
    }

    private func becameIdle(_ connection: BenchConnection) {
        guard schedule != nil else {
            let now = now
            if now < endTime { connection.send(start: now, now: now) }
            return
        }
        if let start = waiting.popFirst() {
            connection.send(start: start, now: now)
        } else {
            idle.append(connection)
        }
    }

    func requestEnded(_ connection: BenchConnection, _ outcome: BenchOutcome, start: UInt64, isReusable: Bool) {
        guard !isFinished else { return }
        recorder.record(outcome, start: start, end: now)
        if isReusable { becameIdle(connection) }
        finishIfDrained()
    }

    // MARK: Arrivals of an open loop

    private func scheduleArrival() {
        guard let offset = schedule?.next() else { return }
        let arrival = startTime + offset
        guard arrival < endTime else { return }
        expect(arrival)
    }

    private func expect(_ arrival: UInt64) {
        isArrivalDue = true
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        eventLoop.scheduleTask(deadline: .uptimeNanoseconds(arrival)) { bound.value.arrived(arrival) }
    }

    /// Takes this arrival and all that are due by now, so that a late timer costs one wake-up and not many.
    private func arrived(_ first: UInt64) {
        guard !isFinished else { return }
        isArrivalDue = false
        waiting.append(first)
        let now = now
        var next: UInt64?
        while let offset = schedule?.next() {
            let arrival = startTime + offset
            guard arrival < endTime else { break }
            guard arrival <= now else {
                next = arrival
                break
            }
            waiting.append(arrival)
        }
        dispatch()
        if let next { expect(next) }
    }

    private func dispatch() {
        while !waiting.isEmpty, let connection = idle.popLast() {
            connection.send(start: waiting.removeFirst(), now: now)
        }
        // One new connection for each arrival that waits, within the limit.
        while connecting < waiting.count, connections.count + connecting < plan.maximumConnections { connect() }
    }

    // MARK: Ends

    /// Gives up requests that take longer than the time-out; those still waiting count from their arrival.
    private func sweep() {
        let now = now
        for connection in Array(connections.values) {
            guard let current = connection.current, now > current.sent, now - current.sent >= timeout else { continue }
            connection.timeOut()
        }
        while let start = waiting.first, now > start, now - start >= timeout {
            waiting.removeFirst()
            recorder.record(.timedOut, start: start, end: now)
        }
        finishIfDrained()
    }

    /// A closed loop is over; an open one waits for the answers to what arrived within the window.
    private func windowEnded() {
        guard schedule == nil else { return finishIfDrained() }
        finish()
    }

    private func finishIfDrained() {
        guard schedule != nil, !isFinished, now >= endTime, !isArrivalDue, waiting.isEmpty,
            connections.values.allSatisfy({ $0.current == nil })
        else { return }
        finish()
    }

    /// Ends the run with what was counted so far.
    func finish() {
        guard !isFinished else { return }
        isFinished = true
        sweeper?.cancel()
        recorder.cut(at: now)
        for connection in Array(connections.values) { connection.close() }
        done.succeed(recorder)
    }
}
