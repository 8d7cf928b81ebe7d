// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
package import SlipwayEngine
import Synchronization

/// A version of a language model that stays in memory as long as this is held.
package final class LanguageLease: Sendable {
    package let endpoint: String
    package let kind: RouteKind
    private let loaded: LoadedVersion
    private let work: LanguageWork
    private let hold: VersionHold
    private let served: ServedEndpoint
    private let shadows: [Shadow]
    private let settings: RequestSettings

    init?(_ choice: RouteChoice, of served: ServedEndpoint) {
        guard let work = choice.version.language, let hold = VersionHold(choice.version) else { return nil }
        endpoint = served.name
        kind = choice.kind
        loaded = choice.version
        shadows = choice.shadows
        settings = choice.settings
        self.work = work
        self.hold = hold
        self.served = served
    }

    package var version: VersionID { loaded.id }
    package var digest: Digest { loaded.resolved.digest }
    package var model: any LanguageModel { work.model }
    /// Tokens of one request, prompt and answer together.
    package var contextLength: Int { work.settings.context }
    package var generates: Bool { work.runner != nil }

    // MARK: - Text

    /// Accepts a request and starts it.
    ///
    /// - Throws: ``ServingError`` `overloaded`, `quotaExceeded`, `deadlineExceeded`, or `EngineError` for a grammar
    ///   that cannot be compiled; nothing was computed then.
    package func generate(_ request: GenerationRequest) throws -> GenerationStream {
        guard let runner = work.runner else { throw ServingError.noTextModel(endpoint) }
        var request = request
        if request.deadline == nil, let usual = settings.usualTimeout {
            request.deadline = request.receivedAt + usual
        }
        // Copies are to draw as this one does.
        if !shadows.isEmpty, request.sampling.seed == nil { request.sampling.seed = .random(in: 0...UInt32.max) }
        let room = max(0, contextLength - request.prompt.count)
        // Quotas count what a request asks for; what it leaves open is mostly not used.
        let announced = request.maximumTokens.map { min(max(0, $0), room) * request.choices } ?? 0
        request.maximumTokens = min(request.maximumTokens ?? room, room)
        let permit = HeldPermit(
            try served.admission.admit(
                AdmissionDemand(
                    client: request.caller.identity, rows: request.choices,
                    bytes: request.prompt.count * MemoryLayout<TokenID>.size,
                    tokens: request.prompt.count + announced, deadline: request.deadline),
                endpoint: endpoint))
        let (events, continuation) = AsyncThrowingStream<GenerationEvent, any Error>.makeStream()
        // The request's own: it may outlive the lease.
        guard let hold = VersionHold(loaded) else { throw ServingError.draining }
        let log = log(request, continuation, permit, hold)
        // Before it is submitted: it may be over at once.
        let watch = RequestWatch(request, runner, deadlines: served.context.deadlines)
        continuation.onTermination = { watch.over($0) }
        let ids: [GenerationID]
        do {
            ids = try runner.submit(request, log, endpoint: endpoint)
        } catch {
            log.fail(error)
            throw error
        }
        watch.start(ids)
        return GenerationStream(events, log: log) { choice in
            guard ids.indices.contains(choice) else { return }
            runner.end([ids[choice]])
        }
    }

    private func log(
        _ request: GenerationRequest, _ continuation: GenerationLog.Continuation, _ permit: HeldPermit,
        _ hold: VersionHold
    ) -> GenerationLog {
        let (served, shadows, model) = (served, shadows, work.model)
        return GenerationLog(
            request, subject: GenerationLog.Subject(endpoint: endpoint, version: version.number, route: kind),
            keepsAnswer: !shadows.isEmpty, continuation: continuation
        ) { observation, answer in
            permit.giveBack()
            served.context.observeGeneration(observation)
            hold.giveBack()
            guard observation.outcome == .success, !shadows.isEmpty else { return }
            served.copy(request, answered: answer, of: model, to: shadows)
        }
    }

    /// The answer was written; tells how it ended: `stop`, `length`, `tool_calls`.
    package func finished(_ stream: GenerationStream, reason: String) { stream.log.finished(reason: reason) }

    // MARK: - Vectors

    /// Tokens of a text that is to be embedded, at most.
    package func longestText() async throws -> Int { try await work.embeddings().longest }

    /// One vector of length 1 for each text, or a reranker's scores.
    ///
    /// - Parameter inputs: Each has 1 to ``longestText()`` tokens.
    /// - Throws: ``ServingError`` `overloaded`, `quotaExceeded`, `cancelled`.
    package func embed(
        _ inputs: [[TokenID]], caller: Caller, deadline: ContinuousClock.Instant?, _ cancellation: CancellationFlag
    ) async throws -> [[Float]] {
        let tokens = inputs.reduce(0) { $0 + $1.count }
        let permit = try served.admission.admit(
            AdmissionDemand(
                client: caller.identity, rows: inputs.count, bytes: tokens * MemoryLayout<TokenID>.size,
                tokens: tokens, deadline: deadline),
            endpoint: endpoint)
        let receivedAt = ContinuousClock.now
        let watch = deadline.map { served.context.deadlines.add($0) { cancellation.cancel() } }
        defer { if let watch { served.context.deadlines.remove(watch) } }
        do {
            let vectors = try await work.embeddings().embed(inputs, cancellation)
            _ = consume permit
            observe(.success, rows: inputs.count, since: receivedAt)
            return vectors
        } catch {
            let isLate = deadline.map { $0 <= .now } ?? false
            let told: any Error = isLate ? ServingError.deadlineExceeded : error
            observe(
                .failure((told as? any SlipwayError)?.category ?? .internal), rows: inputs.count, since: receivedAt)
            throw told
        }
    }

    private func observe(
        _ outcome: InferenceObservation.Outcome, rows: Int, since receivedAt: ContinuousClock.Instant
    ) {
        let total = ContinuousClock.now - receivedAt
        served.context.observe(
            InferenceObservation(
                requestID: nil, endpoint: endpoint, version: version.number, route: kind, outcome: outcome, rows: rows,
                batchSize: rows, inputBytes: 0, outputBytes: 0, timings: InferenceTimings(compute: total),
                total: total))
    }
}

/// A place among an endpoint's requests, given back once.
private final class HeldPermit: Sendable {
    private let permit: Mutex<AdmissionPermit?>

    init(_ permit: consuming AdmissionPermit) { self.permit = Mutex(permit) }

    func giveBack() { permit.withLock { $0 = nil } }
}

/// Keeps a version in memory until it is given back or goes.
final class VersionHold: Sendable {
    private let version: Mutex<LoadedVersion?>

    /// `nil` when the version is on its way out.
    init?(_ version: LoadedVersion) {
        guard version.takeLease() else { return nil }
        self.version = Mutex(version)
    }

    func giveBack() {
        let held = version.withLock { $0.take() }
        held?.giveLeaseBack()
    }

    deinit { giveBack() }
}

extension InferenceService {
    /// Chooses the version that answers, and keeps it in memory until the lease goes.
    ///
    /// - Parameters:
    ///   - version: Asked for by number; `nil` to route.
    ///   - conversation: What keeps a conversation on one version.
    /// - Throws: ``ServingError`` `unknownEndpoint`, `notReady`, `wrongKind` and others.
    package func leaseLanguageModel(
        _ name: String, version: Int?, caller: Caller, conversation: String?,
        until deadline: ContinuousClock.Instant?, _ cancellation: CancellationFlag
    ) async throws -> LanguageLease {
        let endpoint = try endpoint(name)
        var request = InferenceRequest(
            endpoint: name, version: version, inputs: NamedTensors(), caller: caller, deadline: deadline,
            cancellation: cancellation)
        request.conversation = conversation
        while true {
            let choice = try await endpoint.choose(request)
            guard choice.version.language != nil else { throw ServingError.noLanguageModel(name) }
            if let lease = LanguageLease(choice, of: endpoint) { return lease }
            // Retired between the look-up and here: another one has taken over.
        }
    }

    /// What every language model in memory that generates text holds.
    package var languageGauges: [LanguageGauges] {
        statuses().flatMap { status in
            ((try? endpoint(status.endpoint).readyVersions) ?? []).compactMap { version in
                version.language?.runner?.gauges(endpoint: status.endpoint, version: version.id.number)
            }
        }
    }

    /// Endpoints whose version in force is a language model.
    package var languageEndpoints: [String] {
        statuses().map(\.endpoint).filter { name in (try? endpoint(name).version(nil))?.language != nil }
    }
}

extension ServingError {
    static func noLanguageModel(_ endpoint: String) -> ServingError {
        ServingError(
            code: .wrongKind,
            message: "endpoint '\(endpoint)' is no language model: ask it with tensors, at /v2/models/\(endpoint)/infer"
        )
    }

    static func noTextModel(_ endpoint: String) -> ServingError {
        ServingError(
            code: .wrongKind,
            message: "endpoint '\(endpoint)' generates no text, it turns texts into vectors: "
                + "ask /v1/embeddings or /v1/rerank")
    }
}
