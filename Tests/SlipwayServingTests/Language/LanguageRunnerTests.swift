// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine
import SlipwayServing
import SlipwayTestKit
import Synchronization
import Testing

@Suite("text generation", .timeLimit(.minutes(5)))
struct LanguageRunnerTests {
    private static func prompt(_ text: String) -> [TokenID] {
        FakeLanguageModel().tokenize(text, addsSpecial: true, parsesSpecial: false)
    }

    private static func request(_ text: String, tokens: Int) -> GenerationRequest {
        var request = GenerationRequest(prompt: prompt(text))
        request.maximumTokens = tokens
        return request
    }

    @Test("an answer has as many tokens as were asked for, each the right one")
    func answers() async throws {
        let rig = LanguageRig()
        await rig.serve()
        let request = Self.request("hello", tokens: 20)
        let stream = try await rig.lease().generate(request)
        let answer = try await LanguageRig.read(stream)
        #expect(answer.tokens[0] == FakeLanguageModel.answer(to: request.prompt, count: 20))
        #expect(answer.ends == [0: .length])
    }

    @Test("requests at the same time get their own answers, whatever they share", arguments: [4, 40])
    func concurrency(count: Int) async throws {
        let rig = LanguageRig()
        await rig.serve()
        let lease = try await rig.lease()
        let prefix = String(repeating: "the same beginning of all of them, ", count: 8)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for index in 0..<count {
                group.addTask {
                    let request = Self.request(prefix + "question \(index)", tokens: 16 + index % 7)
                    let answer = try await LanguageRig.read(try lease.generate(request))
                    return answer.tokens[0]
                        == FakeLanguageModel.answer(to: request.prompt, count: 16 + index % 7)
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
        // The shared beginning was computed once.
        let prefilled = rig.steps.reduce(0) { $0 + $1.prefillTokens }
        #expect(prefilled < prefix.utf8.count * 2 + count * 40)
    }

    @Test("choices of one prompt are told apart and computed from one prompt")
    func choices() async throws {
        let rig = LanguageRig()
        await rig.serve()
        var request = Self.request(String(repeating: "a long prompt ", count: 30), tokens: 8)
        request.choices = 3
        let answer = try await LanguageRig.read(try await rig.lease().generate(request))
        let right = FakeLanguageModel.answer(to: request.prompt, count: 8)
        #expect(answer.tokens == [0: right, 1: right, 2: right])
        #expect(rig.steps.reduce(0) { $0 + $1.prefillTokens } < request.prompt.count * 2)
    }

    @Test("the second request for a prompt finds it computed")
    func sharing() async throws {
        let rig = LanguageRig()
        await rig.serve()
        let lease = try await rig.lease()
        let request = Self.request(String(repeating: "again and again ", count: 20), tokens: 4)
        for _ in 0..<2 {
            let stream = try lease.generate(request)
            _ = try await LanguageRig.read(stream)
            lease.finished(stream, reason: "length")
        }
        #expect(rig.generations.map(\.cachedTokens) == [0, request.prompt.count - 1])
    }

    @Test("a cache that is too small for all makes nobody fail")
    func parking() async throws {
        let rig = LanguageRig { _ in FakeLanguageModel(cells: 256) }
        await rig.serve()
        let lease = try await rig.lease()
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for index in 0..<6 {
                group.addTask {
                    let request = Self.request("story \(index)", tokens: 150)
                    let answer = try await LanguageRig.read(try lease.generate(request))
                    return answer.tokens[0] == FakeLanguageModel.answer(to: request.prompt, count: 150)
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
    }

    @Test("whoever goes away is forgotten, and the others go on", arguments: [true, false])
    func cancellation(byFlag: Bool) async throws {
        let (rig, gate) = Self.rigThatWaits(afterDecodes: 30)
        await rig.serve()
        let lease = try await rig.lease()
        var leaving = Self.request("leaves", tokens: 3000)
        let flag = CancellationFlag()
        leaving.cancellation = flag
        let other = Self.request("stays", tokens: 200)
        async let staying = LanguageRig.read(try lease.generate(other))
        var seen = 0
        let left = await #expect(throws: ServingError.self) {
            for try await event in try lease.generate(leaving) {
                guard case .token = event else { continue }
                seen += 1
                guard seen == 5 else { continue }
                if !byFlag { throw ServingError(code: .cancelled, message: "") }
                flag.cancel()
                gate.open()
            }
        }
        gate.open()
        #expect(left?.code == .cancelled)
        #expect(try await staying.tokens[0] == FakeLanguageModel.answer(to: other.prompt, count: 200))
        await eventually { rig.generations.contains { $0.outcome == .failure(.cancelled) } }
    }

    @Test("a choice that is stopped ends there")
    func stopping() async throws {
        let (rig, gate) = Self.rigThatWaits(afterDecodes: 30)
        await rig.serve()
        let stream = try await rig.lease().generate(Self.request("endless", tokens: 3000))
        var tokens = 0
        var end: GenerationEvent.EndReason?
        for try await event in stream {
            if case .token = event { tokens += 1 }
            if tokens == 3 {
                stream.stop(choice: 0)
                gate.open()
            }
            if case .ended(_, let reason) = event { end = reason }
        }
        #expect(end == .stopped)
        #expect(tokens < 3000)
    }

    /// A rig whose model waits at a gate after so many decodes, so that whoever reads along is not left behind.
    private static func rigThatWaits(afterDecodes count: Int) -> (LanguageRig, Gate) {
        let gate = Gate(isOpen: false)
        let counter = Counter()
        let rig = LanguageRig { _ in
            FakeLanguageModel(onDecode: { _ in
                if counter.next() > count { gate.passBlocking() }
                return nil
            })
        }
        return (rig, gate)
    }

    private final class Counter: Sendable {
        private let count = Atomic(0)

        func next() -> Int { count.wrappingAdd(1, ordering: .relaxed).newValue }
    }

    @Test("a decode that fails tells those it was for, and the next one goes")
    func failing() async throws {
        let box = OnceBox()
        let rig = LanguageRig { _ in
            FakeLanguageModel(onDecode: { _ in box.take() ? .failed("no such luck") : nil })
        }
        await rig.serve()
        let lease = try await rig.lease()
        let request = Self.request("hello", tokens: 5)
        let error = await #expect(throws: EngineError.self) {
            _ = try await LanguageRig.read(try lease.generate(request))
        }
        #expect(error?.code == .executionFailed)
        let answer = try await LanguageRig.read(try lease.generate(request))
        #expect(answer.tokens[0] == FakeLanguageModel.answer(to: request.prompt, count: 5))
    }

    @Test("the probabilities of a prompt's tokens are told once, from the second on")
    func promptScores() async throws {
        let rig = LanguageRig()
        await rig.serve()
        let lease = try await rig.lease()
        // Computed before: what is scored must be computed again.
        _ = try await LanguageRig.read(try lease.generate(Self.request("score me", tokens: 1)))
        var request = Self.request("score me", tokens: 0)
        request.promptAlternatives = 0
        var scores: [SampledToken] = []
        var lists = 0
        for try await event in try lease.generate(request) {
            guard case .prompt(let told) = event else { continue }
            scores = told
            lists += 1
        }
        #expect(lists == 1)
        #expect(scores.map(\.token) == Array(request.prompt.dropFirst()))
    }

    @Test("drafts change how many steps an answer takes, and nothing else")
    func drafting() async throws {
        let rig = LanguageRig()
        await rig.serve()
        var request = Self.request("draft", tokens: 100)
        request.speculation = .on
        let stream = try await rig.lease().generate(request)
        let answer = try await LanguageRig.read(stream)
        #expect(answer.tokens[0] == FakeLanguageModel.answer(to: request.prompt, count: 100))
        #expect(rig.steps.count < 60)
    }

    @Test("a version that is replaced ends what it began")
    func replacing() async throws {
        let (rig, gate) = Self.rigThatWaits(afterDecodes: 30)
        await rig.serve()
        let request = Self.request("long", tokens: 400)
        let stream = try await rig.lease().generate(request)
        var iterator = stream.makeAsyncIterator()
        _ = try await iterator.next()
        rig.service.apply([ServingRig.assignment(2)])
        await eventually { rig.service.statuses().first?.serving?.number == 2 }
        gate.open()
        var tokens: [TokenID] = []
        while let event = try await iterator.next() {
            if case .token(_, let token) = event { tokens.append(token.token) }
        }
        #expect(tokens == FakeLanguageModel.answer(to: request.prompt, count: 400))
    }

    @Test("a conversation stays on its version, and all conversations share as the canary says")
    func conversations() async throws {
        let rig = LanguageRig()
        await rig.serve(
            ServingRig.assignment(1) { spec in
                spec.canaries = [Canary(version: ServingRig.version(2), share: Share(basisPoints: 5000) ?? .none)]
            })
        var onCanary = 0
        for index in 0..<200 {
            let first = try await rig.lease(conversation: "c\(index)").version.number
            for _ in 0..<3 { #expect(try await rig.lease(conversation: "c\(index)").version.number == first) }
            if first == 2 { onCanary += 1 }
        }
        // Half of 200 by a hash: more than 6 standard deviations of a fair draw away would be a fault.
        #expect((57...143).contains(onCanary))
    }

    @Test("a shadow's answer is compared token by token")
    func shadows() async throws {
        let rig = LanguageRig()
        await rig.serve(
            ServingRig.assignment(1) { $0.shadows = [Shadow(version: ServingRig.version(2))] })
        let lease = try await rig.lease()
        let stream = try lease.generate(Self.request("compare", tokens: 12))
        _ = try await LanguageRig.read(stream)
        lease.finished(stream, reason: "length")
        let endpoint = try rig.service.endpoint("e")
        await eventually { endpoint.shadowTallies[ServingRig.version(2)]?.compared == 1 }
        #expect(endpoint.shadowTallies[ServingRig.version(2)]?.agreed == 1)
    }

    @Test("texts become vectors of length 1, in their order")
    func vectors() async throws {
        let rig = LanguageRig { _ in FakeLanguageModel(pooling: .mean) }
        await rig.serve()
        let lease = try await rig.lease()
        let texts = (1...150).map { [TokenID](repeating: TokenID($0), count: $0 % 5 + 1) }
        let vectors = try await lease.embed(texts, caller: Caller(), deadline: nil, CancellationFlag())
        #expect(vectors.count == texts.count)
        for (text, vector) in zip(texts, vectors) {
            let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
            // Rounding of four floats.
            #expect(abs(length - 1) < 1e-5)
            #expect(abs(vector[1] / vector[0] - Float(text[0]) / Float(text.count)) < 1e-3)
        }
    }

    @Test("tensor requests get text as a tensor")
    func tensors() async throws {
        let rig = LanguageRig()
        await rig.serve()
        let request = InferenceRequest(
            endpoint: "e", inputs: ["x": try Tensor([Float(0)], shape: [1, 1])])
        // The scripted source says that its models take x: the predictor refuses what holds no text.
        await #expect(throws: (any Error).self) { _ = try await rig.service.infer(request) }
    }

    private final class OnceBox: Sendable {
        private let isUnused = Mutex(true)

        /// Whether this is the first call.
        func take() -> Bool {
            isUnused.withLock { isUnused in
                defer { isUnused = false }
                return isUnused
            }
        }
    }
}
