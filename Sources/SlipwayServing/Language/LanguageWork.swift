// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
package import SlipwayEngine
import Synchronization

/// What runs a loaded language model: text generation, vectors, or both.
///
/// Vectors need a session of their own, which a model that generates text gets with the first request for them.
package final class LanguageWork: Sendable {
    package let model: any LanguageModel
    let settings: LanguageSettings
    /// `nil` for models that only embed.
    let runner: LanguageRunner?
    private let gate: CoreGate
    private let embedding: Mutex<Task<EmbeddingRunner, any Error>?>
    /// Of the session for vectors, once there is one.
    private let embeddingBytes = Mutex(0)

    private init(
        _ model: any LanguageModel, _ settings: LanguageSettings, runner: LanguageRunner?, gate: CoreGate
    ) {
        self.model = model
        self.settings = settings
        self.runner = runner
        self.gate = gate
        embedding = Mutex(nil)
    }

    static func start(
        _ model: any LanguageModel, _ settings: LanguageSettings, gate: CoreGate,
        observe: @escaping @Sendable (LanguageLoop.StepFacts) -> Void
    ) async throws -> LanguageWork {
        let generates = !model.facts.embeds
        let runner = generates ? try await LanguageRunner.start(model, settings, gate: gate, observe: observe) : nil
        let work = LanguageWork(model, settings, runner: runner, gate: gate)
        // Whether there is memory for it is to be known before it is said to be ready.
        if !generates { _ = try await work.embeddings() }
        return work
    }

    func embeddings() async throws -> EmbeddingRunner {
        let task = embedding.withLock { task -> Task<EmbeddingRunner, any Error> in
            if let task { return task }
            let (model, settings, gate) = (model, settings, gate)
            let made = Task { try await EmbeddingRunner.start(model, settings, gate: gate) }
            task = made
            return made
        }
        do {
            let runner = try await task.value
            embeddingBytes.withLock { $0 = runner.sessionBytes }
            return runner
        } catch {
            // There may be memory the next time.
            embedding.withLock { if $0 == task { $0 = nil } }
            throw error
        }
    }

    var residentBytes: Int {
        model.residentBytes + (runner?.sessionBytes ?? 0) + embeddingBytes.withLock { $0 }
    }

    func stop() async {
        await runner?.stop()
        let task = embedding.withLock { $0 }
        if let task, let embeddings = try? await task.value { await embeddings.stop() }
    }
}
