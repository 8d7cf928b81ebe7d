// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine
import Synchronization

/// Generates text with one loaded model: carries out, on a lane of its own, what ``StepPlanner`` decides.
///
/// Requests come from any thread. One step at a time runs on the lane: the planner's actions on the cache, one decode,
/// the choice of tokens. Between steps the cores are given back, so that models take turns.
final class LanguageRunner: Sendable {
    struct State {
        var planner: StepPlanner
        /// Submitted since the last step.
        var arrivals: [Generation] = []
        /// Asked for since the last step.
        var endings: [(id: GenerationID, error: (any Error)?)] = []
        /// Whether a step runs or is about to.
        var isAwake = false
        /// The only sequence of the decode that runs.
        var computing: GenerationID?
        var isStopping = false
        var urgency = CoreUrgency.normal
        var lastID: GenerationID = 0
        /// Requests that were refused, by reason.
        var refused: [String: UInt64] = [:]
    }

    let model: any LanguageModel
    let settings: LanguageSettings
    let lanes: LaneGroup
    let state: Mutex<State>
    private let cores: VersionCores
    private let stopper: any DecodeStopper
    private let loop: LanguageLoop
    /// Bytes of the cache and its buffers.
    let sessionBytes: Int

    private init(
        _ model: any LanguageModel, _ settings: LanguageSettings, lanes: LaneGroup, cores: VersionCores,
        loop: LanguageLoop
    ) {
        self.model = model
        self.settings = settings
        self.lanes = lanes
        self.cores = cores
        self.loop = loop
        stopper = loop.session.stopper
        sessionBytes = loop.session.residentBytes
        state = Mutex(
            State(
                planner: StepPlanner(
                    settings.planner(canTrim: loop.session.canTrim, cells: loop.session.cellCount))))
    }

    /// Sets aside the cache and starts the lane.
    ///
    /// - Parameter observe: Called after each step, on the lane.
    /// - Throws: ``EngineError`` `outOfMemory` or `loadFailed`.
    static func start(
        _ model: any LanguageModel, _ settings: LanguageSettings, gate: CoreGate,
        observe: @escaping @Sendable (LanguageLoop.StepFacts) -> Void
    ) async throws -> LanguageRunner {
        let lanes = try LaneGroup(count: 1)
        do {
            // On the lane: the engine's threads inherit its priority.
            let loop = try await lanes.queue.run {
                LanguageLoop(model: model, session: try model.makeSession(settings.session), observe: observe)
            }
            let cores = VersionCores(
                gate: gate, owner: ObjectIdentifier(lanes).hashValue, perCall: settings.session.threads)
            return LanguageRunner(model, settings, lanes: lanes, cores: cores, loop: loop)
        } catch {
            await lanes.stop()
            throw error
        }
    }

    // MARK: - Requests

    /// Queues a request.
    ///
    /// - Parameter log: Takes the events.
    /// - Returns: Numbers of its choices, in their order.
    /// - Throws: ``ServingError`` `overloaded`; `EngineError` for a grammar that cannot be compiled.
    func submit(_ request: GenerationRequest, _ log: GenerationLog, endpoint: String) throws -> [GenerationID] {
        let samplers = try samplers(for: request)
        let drafters = drafters(for: request)
        let (ids, wakes) = try state.withLock { state -> ([GenerationID], CoreUrgency?) in
            if state.isStopping { throw ServingError.draining }
            let now = ContinuousClock.now
            var ids: [GenerationID] = []
            for (choice, sampler) in samplers.enumerated() {
                state.lastID += 1
                let id = state.lastID
                let refusal = state.planner.submit(job(id, choice, request), now: now)
                if let refusal {
                    state.refused[refusal.reason, default: 0] += 1
                    for id in ids { state.planner.cancel(id, now: now) }
                    state.arrivals.removeAll { ids.contains($0.id) }
                    throw refusal.error(endpoint)
                }
                state.arrivals.append(
                    Generation(
                        id: id, choice: choice, request: request, log: log, sampler: sampler,
                        drafter: drafters.isEmpty ? nil : drafters[choice]))
                ids.append(id)
            }
            return (ids, state.wake())
        }
        if let wakes { wake(wakes) }
        return ids
    }

    /// One for each choice. What constrains them is compiled once.
    private func samplers(for request: GenerationRequest) throws(EngineError) -> [any TokenSampler] {
        let first = try model.makeSampler(request.sampling)
        var samplers = [first]
        for choice in 1..<max(1, request.choices) {
            let seed = request.sampling.seed.map { $0 &+ UInt32(truncatingIfNeeded: choice) }
            samplers.append(try first.clone(seed: seed))
        }
        if request.sampling.looksBack { for sampler in samplers { sampler.feed(request.prompt) } }
        return samplers
    }

    /// One for each choice; none where drafts are not wanted, or more choices decode at once than drafts pay for.
    private func drafters(for request: GenerationRequest) -> [any TokenDrafter] {
        guard settings.speculates, request.speculation != .off, request.sampling.constraint == .none,
            request.choices <= StepPlanner.Rule.mostDrafting
        else { return [] }
        return (0..<request.choices).map { _ in
            let drafter = model.makeDrafter(keyLength: 4, mostTokens: SpeculationGate.mostLength)
            drafter.feed(request.prompt)
            return drafter
        }
    }

    private func job(_ id: GenerationID, _ choice: Int, _ request: GenerationRequest) -> GenerationJob {
        var job = GenerationJob(
            id: id, prompt: request.prompt,
            maximumTokens: min(request.maximumTokens ?? .max, max(0, settings.context - request.prompt.count)),
            urgency: request.urgency, promptOutputs: request.promptAlternatives != nil && choice == 0 ? .all : .last,
            sharesPrefix: request.sharesPrefix)
        job.isFurtherChoice = choice > 0
        return job
    }

    /// Ends sequences soon: with an error, or as stopped. Does nothing for those that are over.
    func end(_ ids: [GenerationID], with error: (any Error)? = nil) {
        let wakes = state.withLock { state -> CoreUrgency? in
            state.endings += ids.map { ($0, error) }
            // Under the lock, so that it is this very step that is stopped.
            if let computing = state.computing, ids.contains(computing) { stopper.stop() }
            return state.wake()
        }
        if let wakes { wake(wakes) }
    }

    /// Lets what is asked for by nobody but shadows give way, or no longer.
    func adopt(isShadow: Bool) {
        let rises = state.withLock { state -> Bool in
            let before = state.urgency
            state.urgency = isShadow ? .background : .normal
            return before == .background && !isShadow
        }
        if rises { cores.becomeUrgent() }
    }

    /// What it holds, and what it has counted.
    func gauges(endpoint: String, version: Int) -> LanguageGauges {
        let (snapshot, refused) = state.withLock { ($0.planner.snapshot, $0.refused) }
        var gauges = LanguageGauges(endpoint: endpoint, version: version)
        gauges.running = snapshot.running
        gauges.waiting = snapshot.waiting
        gauges.parked = snapshot.parked
        gauges.queuedTokens = snapshot.queuedTokens
        gauges.cellsUsed = snapshot.cellsUsed - snapshot.cellsCached
        gauges.cellsCached = snapshot.cellsCached
        gauges.cells = snapshot.cells
        gauges.evictions = UInt64(snapshot.evictions)
        gauges.parks = UInt64(snapshot.parks)
        gauges.resumes = UInt64(snapshot.resumes)
        gauges.refusals = refused
        return gauges
    }

    /// Ends everything with an error and waits for the lane to end.
    func stop() async {
        let wakes = state.withLock { state -> CoreUrgency? in
            state.isStopping = true
            return state.wake()
        }
        stopper.stop()
        if let wakes { wake(wakes) }
        await lanes.stop()
        // The lane may have ended before it planned again.
        let arrivals = state.withLock { state in
            defer { state.arrivals = [] }
            return state.arrivals
        }
        for generation in loop.abandon() + arrivals { generation.fail(ServingError.draining) }
    }

    // MARK: - Steps

    private func wake(_ urgency: CoreUrgency) {
        cores.acquire(urgency) { [self] in
            if !lanes.queue.submit({ self.work() }) { cores.release() }
        }
    }

    /// One step, on the lane, with its cores.
    private func work() {
        let goesOn = loop.step(state, stopper)
        // Asked for before they are given back: else demands in the background would always find a moment in which
        // nobody else asks.
        if let goesOn { wake(goesOn) }
        cores.release()
    }
}

extension LanguageRunner.State {
    /// Asks for a step where none is under way.
    fileprivate mutating func wake() -> CoreUrgency? {
        guard !isAwake else { return nil }
        isAwake = true
        return urgency
    }
}

extension StepPlanner.Refusal {
    /// As metrics name it.
    fileprivate var reason: String {
        switch self {
        case .queueFull: "requests"
        case .queuedTokens: "tokens"
        case .tooLong: "too-long"
        case .emptyPrompt: "empty"
        }
    }

    /// As callers are told.
    fileprivate func error(_ endpoint: String) -> any Error {
        switch self {
        case .queueFull(let requests, let limit, let retryAfter):
            ServingError(
                code: .overloaded,
                message: "endpoint '\(endpoint)' has \(requests) requests waiting (limit \(limit)); try again later",
                retryAfter: retryAfter)
        case .queuedTokens(let held, let limit, let retryAfter):
            ServingError(
                code: .overloaded,
                message: "endpoint '\(endpoint)' has \(held) prompt tokens waiting (limit \(limit)); try again later",
                retryAfter: retryAfter)
        case .tooLong(let tokens, let cells):
            EngineError(
                code: .inputMismatch,
                message: "the request needs \(tokens) tokens of cache and endpoint '\(endpoint)' has \(cells); "
                    + "shorten it, or give the endpoint more language.cache_tokens")
        case .emptyPrompt:
            EngineError(code: .inputMismatch, message: "the prompt has no tokens, expected at least 1")
        }
    }
}
