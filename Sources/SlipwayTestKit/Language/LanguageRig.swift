// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
package import SlipwayEngine
package import SlipwayServing
import Synchronization

/// A data plane over ``FakeLanguageModel``s, with all that it reports.
package final class LanguageRig: Sendable {
    /// Loads the fake models, one for each version.
    private struct Engine: InferenceEngine {
        let name = "fake"
        let version = "1.0"
        let capabilities = EngineCapabilities(formats: [.gguf], languageFormats: [.gguf], devices: ["cpu"])
        let make: @Sendable (Int) -> FakeLanguageModel

        func loadLanguageModel(
            _ bundle: ModelBundle, options: LoadOptions
        ) throws(EngineError) -> any LanguageModel {
            make(bundle.path.split(separator: "/").last.flatMap { Int($0) } ?? 0)
        }
    }

    private struct Log {
        var generations: [GenerationObservation] = []
        var steps: [StepObservation] = []
    }

    private final class LogBox: Sendable {
        let state = Mutex(Log())
    }

    package let service: InferenceService
    private let log = LogBox()

    /// - Parameter make: The model of a version, by its number.
    package init(_ make: @escaping @Sendable (Int) -> FakeLanguageModel = { _ in FakeLanguageModel() }) {
        var context = ServingContext(
            engines: [Engine(make: make)], source: ScriptedSource(engine: "fake", format: .gguf),
            configuration: ServingConfiguration(), cores: CoreGate(cores: 2),
            memory: ModelMemory(budget: nil, available: { nil }))
        let log = log
        context.observeGeneration = { observation in log.state.withLock { $0.generations.append(observation) } }
        context.observeStep = { step in log.state.withLock { $0.steps.append(step) } }
        service = InferenceService(context: context)
    }

    package var generations: [GenerationObservation] { log.state.withLock { $0.generations } }
    package var steps: [StepObservation] { log.state.withLock { $0.steps } }

    /// Has endpoint `e` serve version 1, or what `assignment` says, and waits until it does.
    package func serve(
        _ assignment: EndpointAssignment = ServingRig.assignment(1)
    ) async {
        service.apply([assignment])
        await eventually {
            service.statuses().first?.serving == assignment.spec.primary
                && service.statuses().first?.versions.allSatisfy { $0.state == "ready" } == true
        }
    }

    package func lease(
        version: Int? = nil, caller: Caller = Caller(), conversation: String? = nil,
        _ cancellation: CancellationFlag = CancellationFlag()
    ) async throws -> LanguageLease {
        try await service.leaseLanguageModel(
            "e", version: version, caller: caller, conversation: conversation, until: nil, cancellation)
    }

    /// All tokens of an answer's choices, and how each ended.
    package static func read(
        _ stream: GenerationStream
    ) async throws -> (tokens: [Int: [TokenID]], ends: [Int: GenerationEvent.EndReason]) {
        var tokens: [Int: [TokenID]] = [:]
        var ends: [Int: GenerationEvent.EndReason] = [:]
        for try await event in stream {
            switch event {
            case .token(let choice, let token): tokens[choice, default: []].append(token.token)
            case .ended(let choice, let reason): ends[choice] = reason
            case .started, .prompt: break
            }
        }
        return (tokens, ends)
    }
}
