// SPDX-License-Identifier: Apache-2.0

/// Decides what becomes of a connection's requests and answers: which are taken, in which order a refusal is told,
/// when the connection closes.
///
/// Owns no channel: its caller reports what comes and goes and does what is answered.
package struct HTTP1Exchange: Sendable {
    package struct Limits: Sendable {
        /// Requests taken before the first of them is answered; the others wait for a new connection.
        package var pipelined = 64
        /// What a client still sends of a body that nobody reads is thrown away up to this many bytes, for the
        /// connection to serve again; beyond, closing is cheaper for both.
        package var discardedBody = 64 << 10

        package init() {}
    }

    /// How an answer's head is to be written.
    package struct AnswerHead: Sendable, Hashable {
        /// Nothing may be written any more: the last answer has been.
        package var isDropped = false
        package var closes = false
        package var isHTTP10 = false
    }

    package enum AnswerEnd: Sendable, Hashable {
        /// The next request may come.
        case goOn
        /// It ends no answer: none is due.
        case drop
        /// The refusal is next.
        case refuse(HTTP1Refusal)
        /// That was the last answer; `isInputLeft` when bytes may still come that nobody takes.
        case close(isInputLeft: Bool)
    }

    package enum Failure: Sendable, Hashable {
        /// The body that is being read is broken: its reader must know.
        case tellReader
        /// The refusal is next.
        case refuse(HTTP1Refusal)
        /// The rest of a body that is answered already is broken: there is nothing to tell, and nobody to be told.
        case close
        /// Answers come first, or all is over.
        case wait
    }

    private struct Pending {
        let isHTTP10: Bool
        var isWaitingForContinue: Bool
    }

    private let limits: Limits
    /// Requests taken and not answered, oldest first.
    private var pending: [Pending] = []
    /// Whether the newest request's body is still coming, and how much of it; `nil` when nobody knows.
    private var isBodyOpen = false
    private var bodyLeft: Int?
    /// No more input is taken: the newest request is the last.
    private var isSealed = false
    private var isInputLeft = false
    private var refusal: HTTP1Refusal?
    private var isDraining = false
    private var isAnswerBegun = false
    private var isLastAnswer = false
    /// The last answer has been written.
    package private(set) var isOver = false

    package init(limits: Limits = Limits()) { self.limits = limits }

    // MARK: - Input

    /// - Returns: Whether the request is taken.
    package mutating func headReceived(_ head: HTTP1Head) -> Bool {
        guard !isSealed, pending.count < limits.pipelined else {
            isSealed = true
            isInputLeft = true
            return false
        }
        pending.append(Pending(isHTTP10: head.isHTTP10, isWaitingForContinue: head.expectsContinue))
        isBodyOpen = true
        if case .known(let length) = head.bodyLength { bodyLeft = length } else { bodyLeft = nil }
        if !head.isKeepAlive { isSealed = true }
        return true
    }

    /// - Returns: Whether it belongs to a request that is taken, and is wanted.
    package mutating func bodyReceived(_ count: Int) -> Bool {
        guard isBodyOpen, !isOver else { return false }
        bodyLeft = bodyLeft.map { max(0, $0 - count) }
        return true
    }

    /// - Returns: As ``bodyReceived(_:)``.
    package mutating func requestEnded() -> Bool {
        guard isBodyOpen, !isOver else { return false }
        isBodyOpen = false
        return true
    }

    /// The input is not HTTP, or not taken as such.
    package mutating func failed(_ refusal: HTTP1Refusal) -> Failure {
        isInputLeft = true
        guard !isOver, self.refusal == nil, !isLastAnswer else { return .wait }
        // The answer to a broken body is its reader's.
        if isBodyOpen {
            isSealed = true
            guard !pending.isEmpty else {
                isOver = true
                return .close
            }
            return .tellReader
        }
        guard !isSealed else { return .wait }
        isSealed = true
        guard pending.isEmpty else {
            self.refusal = refusal
            return .wait
        }
        isOver = true
        return .refuse(refusal)
    }

    /// The server gives up waiting for the peer.
    ///
    /// - Returns: Whether the refusal can be told: nothing is before it, and no answer has begun.
    package mutating func gaveUp() -> Bool {
        guard !isOver, !isAnswerBegun, pending.count <= (isBodyOpen ? 1 : 0) else { return false }
        isInputLeft = true
        isOver = true
        return true
    }

    /// The connection is to end when what came has been answered.
    package mutating func drain() { isDraining = true }

    // MARK: - Answers

    /// Somebody is going to read the oldest request's body.
    ///
    /// - Returns: Whether the client must be told to send it.
    package mutating func bodyWanted() -> Bool {
        guard !isOver, !isAnswerBegun, pending.first?.isWaitingForContinue == true else { return false }
        pending[0].isWaitingForContinue = false
        return true
    }

    /// - Parameter hasLength: Whether the answer says how long it is; without that, HTTP/1.0 ends it by closing.
    package mutating func answerBegins(hasLength: @autoclosure () -> Bool = true) -> AnswerHead {
        guard !isOver, let first = pending.first else { return AnswerHead(isDropped: true) }
        isAnswerBegun = true
        let isNewest = pending.count == 1
        if isNewest, refusal == nil, isSealed || isDraining || (isBodyOpen && !isRestWorthReading(first)) {
            isLastAnswer = true
        }
        if first.isHTTP10, !isLastAnswer, !hasLength() { isLastAnswer = true }
        if isLastAnswer { isSealed = true }
        return AnswerHead(closes: isLastAnswer, isHTTP10: first.isHTTP10)
    }

    private func isRestWorthReading(_ request: Pending) -> Bool {
        // Who waits for 100 may send the body now or never: what comes next cannot be told apart.
        guard !request.isWaitingForContinue, let bodyLeft else { return false }
        return bodyLeft <= limits.discardedBody
    }

    package mutating func answerEnded() -> AnswerEnd {
        guard !isOver, !pending.isEmpty else { return .drop }
        pending.removeFirst()
        isAnswerBegun = false
        if isLastAnswer {
            isOver = true
            return .close(isInputLeft: isInputLeft || isBodyOpen)
        }
        guard pending.isEmpty else { return .goOn }
        if let refusal {
            isOver = true
            return .refuse(refusal)
        }
        guard isDraining else { return .goOn }
        isOver = true
        return .close(isInputLeft: isBodyOpen)
    }
}
