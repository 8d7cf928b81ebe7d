// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine
import SlipwayServing
import SlipwayTestKit
import Testing

@Suite("text generation that ends early or fails", .timeLimit(.minutes(2)))
struct LanguageFaultTests {
    private static func request(_ text: String, tokens: Int?) -> GenerationRequest {
        var request = GenerationRequest(
            prompt: FakeLanguageModel().tokenize(text, addsSpecial: true, parsesSpecial: false))
        request.maximumTokens = tokens
        return request
    }

    @Test("the token that ends an answer is told with a prompt's probabilities, and only then", arguments: [nil, 0])
    func endToken(alternatives: Int?) async throws {
        var request = Self.request("hello", tokens: 1)
        request.alternatives = 0
        request.promptAlternatives = alternatives
        let length = request.prompt.count
        let rig = LanguageRig { _ in FakeLanguageModel(endsAt: length) }
        await rig.serve()
        let lease = try await rig.lease()
        let stream = try lease.generate(request)
        let answer = try await LanguageRig.read(stream)
        lease.finished(stream, reason: "stop")
        #expect(answer.tokens[0] == (alternatives == nil ? nil : [FakeLanguageModel.end]))
        #expect(answer.ends == [0: .end])
        #expect(rig.generations.map(\.outputTokens) == [0])
    }

    @Test("a shadow that goes on where the answer ended does not agree with it", arguments: [false, true])
    func shadow(endsToo: Bool) async throws {
        let rig = LanguageRig { version in FakeLanguageModel(endsAt: version == 1 || endsToo ? 20 : nil) }
        await rig.serve(ServingRig.assignment(1) { $0.shadows = [Shadow(version: ServingRig.version(2))] })
        let lease = try await rig.lease()
        let stream = try lease.generate(Self.request("compare", tokens: 100))
        _ = try await LanguageRig.read(stream)
        lease.finished(stream, reason: "stop")
        let endpoint = try rig.service.endpoint("e")
        await eventually { endpoint.shadowTallies[ServingRig.version(2)]?.compared == 1 }
        #expect(endpoint.shadowTallies[ServingRig.version(2)]?.agreed == (endsToo ? 1 : 0))
    }

    @Test("a request whose decode fails does not take others with it")
    func poison() async throws {
        let rig = LanguageRig { _ in
            FakeLanguageModel(onDecode: { $0.tokens.contains(1) ? .failed("poison") : nil })
        }
        await rig.serve()
        let lease = try await rig.lease()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<8 {
                group.addTask {
                    let request = Self.request("question \(index)", tokens: 40)
                    let answer = try await LanguageRig.read(try lease.generate(request))
                    #expect(answer.tokens[0] == FakeLanguageModel.answer(to: request.prompt, count: 40))
                }
                group.addTask {
                    let request = Self.request("\u{1} question \(index)", tokens: 40)
                    await #expect(throws: EngineError.self) {
                        _ = try await LanguageRig.read(try lease.generate(request))
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test("a request that is refused counts as refused, and leaves nothing behind")
    func refused() async throws {
        let rig = LanguageRig { _ in FakeLanguageModel(cells: 256) }
        await rig.serve()
        let lease = try await rig.lease()
        #expect(throws: EngineError.self) { _ = try lease.generate(Self.request("too long", tokens: 3000)) }
        await eventually { rig.generations.count == 1 }
        #expect(rig.generations.map(\.outcome) == [.failure(.invalidInput)])
        let request = Self.request("short", tokens: 5)
        let answer = try await LanguageRig.read(try lease.generate(request))
        #expect(answer.tokens[0] == FakeLanguageModel.answer(to: request.prompt, count: 5))
    }

    @Test("a request that was cancelled before it is taken ends at once, with all its choices")
    func cancelledBefore() async throws {
        let rig = LanguageRig()
        await rig.serve()
        let lease = try await rig.lease()
        var request = Self.request("never", tokens: 3000)
        request.choices = 3
        request.cancellation.cancel()
        await #expect(throws: (any Error).self) { _ = try await LanguageRig.read(try lease.generate(request)) }
        await eventually { rig.service.languageGauges.allSatisfy { $0.running + $0.waiting == 0 } }
    }
}
