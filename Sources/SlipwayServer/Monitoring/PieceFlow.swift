// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Pieces of a body that a task of its own makes, each only when the one before was taken.
///
/// Whoever waits for the first piece before a reply's head leaves can still tell by the status what failed until then.
/// The task is cancelled when nobody holds the flow any more.
final class PieceFlow: Sendable {
    private let place = Place()
    private let task: Task<Void, Never>

    init(_ make: @escaping @Sendable (_ put: @escaping @Sendable ([UInt8]) async throws -> Void) async throws -> Void) {
        let place = place
        task = Task {
            do {
                try await make { try await place.put($0) }
                place.end(.success(()))
            } catch {
                place.end(.failure(error))
            }
        }
    }

    deinit {
        task.cancel()
        place.end(.failure(CancellationError()))
    }

    /// The next piece; `nil` at the end.
    ///
    /// - Throws: What the task threw; `CancellationError` when the caller's task is cancelled.
    func next() async throws -> [UInt8]? {
        try await withTaskCancellationHandler {
            try await place.take()
        } onCancel: {
            place.end(.failure(CancellationError()))
        }
    }

    /// All pieces as a reply. The first is waited for before the head leaves: what fails until then is told by the
    /// status.
    func reply() async throws -> HTTPReply {
        let first = try await next()
        return .stream(contentType: "application/octet-stream") { [self] send in
            var piece = first
            while let bytes = piece {
                try await send(bytes)
                piece = try await next()
            }
        }
    }
}

/// Where one piece at a time changes hands.
private final class Place: Sendable {
    private struct State {
        var piece: [UInt8]?
        var end: Result<Void, any Error>?
        var maker: CheckedContinuation<Void, Never>?
        var taker: CheckedContinuation<Void, Never>?

        mutating func wakers() -> [CheckedContinuation<Void, Never>] {
            defer { (maker, taker) = (nil, nil) }
            return [maker, taker].compactMap { $0 }
        }
    }

    private let state = Mutex(State())

    /// Returns when the piece was taken.
    func put(_ piece: [UInt8]) async throws {
        await withCheckedContinuation { continuation in
            let woken = state.withLock { state -> [CheckedContinuation<Void, Never>] in
                guard state.end == nil else { return [continuation] }
                defer { state.taker = nil }
                state.piece = piece
                state.maker = continuation
                return state.taker.map { [$0] } ?? []
            }
            for one in woken { one.resume() }
        }
        if case .failure(let error)? = state.withLock(\.end) { throw error }
    }

    func take() async throws -> [UInt8]? {
        await withCheckedContinuation { continuation in
            let isReady = state.withLock { state -> Bool in
                if state.piece != nil || state.end != nil { return true }
                state.taker = continuation
                return false
            }
            if isReady { continuation.resume() }
        }
        let (piece, end, maker) = state.withLock { state in
            defer { (state.piece, state.maker) = (nil, nil) }
            return (state.piece, state.end, state.maker)
        }
        maker?.resume()
        if let piece { return piece }
        try end?.get()
        return nil
    }

    /// The first end counts.
    func end(_ result: Result<Void, any Error>) {
        let woken = state.withLock { state in
            if state.end == nil { state.end = result }
            return state.wakers()
        }
        for one in woken { one.resume() }
    }
}
