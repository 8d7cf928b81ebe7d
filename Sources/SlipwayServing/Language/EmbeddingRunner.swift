// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine
import Synchronization

/// Turns texts into vectors, or into scores, with one loaded model: as many texts in one decode as fit.
final class EmbeddingRunner: Sendable {
    private struct Job {
        let texts: [[TokenID]]
        let cancellation: CancellationFlag
        let continuation: CheckedContinuation<[[Float]], any Error>
        var vectors: [[Float]] = []
    }

    private struct State {
        var jobs: [Job] = []
        var isAwake = false
        var isStopping = false
    }

    /// The session, on the lane alone.
    private final class Held: @unchecked Sendable {
        // Unchecked: made on the lane, and touched by it alone.
        let session: any LanguageSession
        init(_ session: any LanguageSession) { self.session = session }
    }

    /// Tokens of one text at most.
    let longest: Int
    let sessionBytes: Int
    private let held: Held
    private let lanes: LaneGroup
    private let cores: VersionCores
    private let state = Mutex(State())
    /// A reranker's scores are kept as they are; vectors are brought to length 1, as OpenAI's are.
    private let isNormalised: Bool

    /// Texts of one decode.
    private static let sequences = 64

    /// - Parameter outputBytes: Of logits, beside what the session tells.
    private init(
        _ held: Held, lanes: LaneGroup, cores: VersionCores, longest: Int, isNormalised: Bool, outputBytes: Int
    ) {
        self.held = held
        self.lanes = lanes
        self.cores = cores
        self.longest = longest
        self.isNormalised = isNormalised
        sessionBytes = held.session.residentBytes + outputBytes
    }

    /// Tokens of one text, which is pooled within one decode.
    ///
    /// The engine sets logits aside for each of them, and models that generate compute them: 4 bytes for each word of
    /// the vocabulary.
    static func longestText(_ facts: LanguageModelFacts, context: Int) -> Int {
        let most = max(1, min(context, 8192, facts.mostPositions ?? .max))
        guard facts.generates else { return most }
        let bytes = facts.embeds ? 1 << 30 : 256 << 20
        return min(most, max(LanguageSettings.batch, bytes / (4 * max(1, facts.vocabularySize))))
    }

    /// - Throws: ``EngineError`` `outOfMemory` or `loadFailed`.
    static func start(
        _ model: any LanguageModel, _ settings: LanguageSettings, gate: CoreGate
    ) async throws -> EmbeddingRunner {
        let facts = model.facts
        let pooling = facts.pooling.rawValue > 0 ? facts.pooling : .mean
        let longest = longestText(facts, context: settings.context)
        let options = SessionOptions(
            cells: longest, batch: longest, sequences: sequences, outputs: longest, threads: settings.session.threads,
            pooling: pooling)
        let lanes = try LaneGroup(count: 1)
        do {
            let held = try await lanes.queue.run { Held(try model.makeSession(options)) }
            let cores = VersionCores(
                gate: gate, owner: ObjectIdentifier(lanes).hashValue, perCall: options.threads)
            return EmbeddingRunner(
                held, lanes: lanes, cores: cores, longest: longest, isNormalised: pooling != .rank,
                outputBytes: facts.generates ? 4 * longest * facts.vocabularySize : 0)
        } catch {
            await lanes.stop()
            throw error
        }
    }

    /// One vector for each text, which has ``longest`` tokens at most.
    func embed(_ texts: [[TokenID]], _ cancellation: CancellationFlag) async throws -> [[Float]] {
        guard !texts.isEmpty else { return [] }
        return try await withCheckedThrowingContinuation { continuation in
            let job = Job(texts: texts, cancellation: cancellation, continuation: continuation)
            let wakes = state.withLock { state -> Bool? in
                if state.isStopping { return nil }
                state.jobs.append(job)
                defer { state.isAwake = true }
                return !state.isAwake
            }
            guard let wakes else { return continuation.resume(throwing: ServingError.draining) }
            if wakes { wake() }
        }
    }

    /// Refuses what waits, and waits for the lane to end.
    func stop() async {
        let left = state.withLock { state -> [Job] in
            state.isStopping = true
            defer { state.jobs = [] }
            return state.jobs
        }
        for job in left { job.continuation.resume(throwing: ServingError.draining) }
        await lanes.stop()
    }

    // MARK: - On the lane

    private func wake() {
        cores.acquire(.normal) { [self] in
            if !lanes.queue.submit({ self.work() }) { cores.release() }
        }
    }

    /// One decode for the job whose turn it is; jobs take turns, so that a long list holds nobody up.
    private func work() {
        if var job = state.withLock({ $0.jobs.isEmpty ? nil : $0.jobs.removeFirst() }) {
            do {
                job.vectors += try vectors(of: job.texts[job.vectors.count...], job.cancellation)
                if job.vectors.count == job.texts.count {
                    job.continuation.resume(returning: job.vectors)
                } else {
                    giveBack(job)
                }
            } catch {
                job.continuation.resume(throwing: error)
            }
        }
        let goesOn = state.withLock { state -> Bool in
            state.isAwake = !state.jobs.isEmpty
            return state.isAwake
        }
        if goesOn { wake() }
        cores.release()
    }

    private func giveBack(_ job: Job) {
        let isKept = state.withLock { state -> Bool in
            if !state.isStopping { state.jobs.append(job) }
            return !state.isStopping
        }
        if !isKept { job.continuation.resume(throwing: ServingError.draining) }
    }

    /// Vectors of the first texts, of as many as fit into one decode.
    private func vectors(
        of texts: ArraySlice<[TokenID]>, _ cancellation: CancellationFlag
    ) throws -> [[Float]] {
        // More at once make no kernel faster, and keep others waiting.
        let most = min(longest, LanguageSettings.batch)
        var batch = TokenBatch()
        var count = 0
        for text in texts {
            guard count == 0 || batch.count + text.count <= most, count < Self.sequences else { break }
            for (position, token) in text.enumerated() {
                batch.append(token, at: position, of: SequenceID(count), output: true)
            }
            count += 1
        }
        let session = held.session
        defer { for sequence in 0..<count { session.remove(SequenceID(sequence), from: 0) } }
        try decode(batch, cancellation)
        return (0..<count).map { normalised(session.embedding(of: SequenceID($0))) }
    }

    /// The lane works for one job at a time, so that nobody else's work is stopped with it.
    private func decode(_ batch: TokenBatch, _ cancellation: CancellationFlag) throws {
        let session = held.session
        let stopper = session.stopper
        let registration = cancellation.add { stopper.stop() }
        defer {
            if let registration { cancellation.remove(registration) }
            stopper.reset()
        }
        while !cancellation.isCancelled {
            switch session.decode(batch) {
            case .decoded: return
            case .stopped:
                // Meant for the job before, where this one is not cancelled.
                stopper.reset()
                for sequence in Set(batch.sequences) { session.remove(sequence, from: 0) }
            case .noRoom, .failed:
                throw EngineError(code: .executionFailed, message: "the model failed to compute the vectors")
            }
        }
        throw ServingError.cancelled
    }

    private func normalised(_ vector: [Float]) -> [Float] {
        guard isNormalised else { return vector }
        let length = vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        return length > 0 ? vector.map { Float(Double($0) / length) } : vector
    }
}
