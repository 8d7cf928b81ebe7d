// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayEngine
import Testing

@Suite("A session", .enabled(if: TestModel.isInstalled, TestModel.skipReason))
struct SessionTests {
    private let writer: Writer
    private var model: any LanguageModel { writer.model }
    private var session: any LanguageSession { writer.session }

    init() throws { writer = try Writer(try TestModel.load()) }

    @Test("has the cells it was asked for and tells its size")
    func size() {
        #expect(session.cellCount == 1024)
        #expect(session.canTrim)
        #expect(session.residentBytes > 1_000_000)
    }

    @Test("greedy answers are the same each time")
    func greedy() throws {
        let prompt = try model.prompt("Write a poem.")
        let once = try writer.complete(prompt, 24)
        #expect(once.count == 24)
        #expect(try writer.complete(prompt, 24) == once)
    }

    @Test("a seed gives the same answer, and another seed another one")
    func seeds() throws {
        let prompt = try model.prompt("Write a poem.")
        var options = SamplingOptions()
        options.seed = 7
        let once = try writer.complete(prompt, 24, with: options)
        #expect(try writer.complete(prompt, 24, with: options) == once)
        options.seed = 8
        #expect(try writer.complete(prompt, 24, with: options) != once)
    }

    @Test("an answer follows its grammar")
    func grammar() throws {
        var options = SamplingOptions.greedy
        options.constraint = .grammar(#"root ::= ("red" | "blue") ", " [0-9] [0-9] "!""#)
        let text = try writer.text(writer.complete(model.prompt("Hello"), 32, with: options))
        #expect(text.wholeMatch(of: /(red|blue), [0-9][0-9]!/) != nil)
        options.temperature = 1
        options.topK = 40
        let sampled = try writer.text(writer.complete(model.prompt("Hello"), 32, with: options))
        #expect(sampled.wholeMatch(of: /(red|blue), [0-9][0-9]!/) != nil)
    }

    @Test("the highest seed is a seed like others")
    func highestSeed() throws {
        let prompt = try model.prompt("Write a poem.")
        var options = SamplingOptions()
        options.seed = .max
        let once = try writer.complete(prompt, 24, with: options)
        #expect(try writer.complete(prompt, 24, with: options) == once)
    }

    @Test("a copy of a sampler chooses as one of its own seed does, under the same grammar")
    func clones() throws {
        let prompt = try model.prompt("Write a poem.")
        var options = SamplingOptions()
        options.seed = 7
        options.dryMultiplier = 0.8
        options.constraint = .grammar(
            """
            root ::= item (", " item)*
            item ::= [a-z]+ | "<" [0-9]+ ">"
            """)
        let sampler = try model.makeSampler(options)
        let copy = try sampler.clone(seed: 8)
        let original = try writer.complete(prompt, 16, by: sampler)
        #expect(try writer.complete(prompt, 16, with: options) == original)
        options.seed = 8
        #expect(try writer.complete(prompt, 16, with: options) == writer.complete(prompt, 16, by: copy))
        #expect(writer.text(original).allSatisfy { $0.isLowercase || "<0123456789>, ".contains($0) })
    }

    @Test("a grammar that cannot be read is refused", arguments: ["root ::= (", "x ::= \"a\"", "root ::= root", ""])
    func badGrammar(text: String) {
        var options = SamplingOptions()
        options.constraint = .grammar(text)
        #expect { _ = try model.makeSampler(options) } throws: { code($0) == .inputMismatch }
    }

    @Test("log probabilities are those of a distribution, most likely first")
    func logProbabilities() throws {
        let prompt = try model.prompt("Hello")
        try #require(writer.prefill(prompt) == .decoded)
        let sampler = try model.makeSampler(.greedy)
        let token = try session.sample(sampler, output: prompt.count - 1, alternatives: model.facts.vocabularySize)
        // Rounding of 49152 numbers of 24 bits
        let sum = token.alternatives.reduce(0.0) { $0 + exp(Double($1.logProbability)) }
        #expect(abs(sum - 1) < 1e-4)
        #expect(token.alternatives.first == .init(token: token.token, logProbability: token.logProbability))
        let sorted = token.alternatives.map(\.logProbability)
        #expect(sorted == sorted.sorted(by: >))
        let scored = try session.score(token.token, output: prompt.count - 1, alternatives: 3)
        #expect(scored.logProbability == token.logProbability)
        #expect(scored.alternatives == Array(token.alternatives.prefix(3)))
    }

    @Test("an output that was not asked for is an error")
    func missingOutput() throws {
        try #require(writer.prefill(model.prompt("Hello")) == .decoded)
        let sampler = try model.makeSampler(.greedy)
        #expect(throws: EngineError.self) { try session.sample(sampler, output: 0, alternatives: nil) }
    }

    @Test("a copied prefix is continued as the original is")
    func copy() throws {
        let prompt = try model.prompt("Write a poem.")
        let expected = try writer.complete(prompt, 16)
        session.copy(0, to: 3, positions: 0..<(prompt.count - 1))
        try #require(writer.prefill([prompt[prompt.count - 1]], of: 3, from: prompt.count - 1) == .decoded)
        #expect(try writer.write(16, of: 3, after: prompt.count, output: 0) == expected)
    }

    @Test("a saved sequence goes on under another number")
    func saveAndRestore() throws {
        let prompt = try model.prompt("Write a poem.")
        let expected = try writer.complete(prompt, 16)
        session.remove(0, from: prompt.count - 1)
        let state = try session.save(0)
        session.remove(0, from: 0)
        try session.restore(state, as: 5)
        try #require(writer.prefill([prompt[prompt.count - 1]], of: 5, from: prompt.count - 1) == .decoded)
        #expect(try writer.write(16, of: 5, after: prompt.count, output: 0) == expected)
        #expect(throws: EngineError.self) { try session.restore(Array(state.prefix(100)), as: 6) }
    }

    @Test("a stopped decode says so, and the session works on")
    func stop() throws {
        let prompt = try model.prompt("Write a poem.")
        let expected = try writer.complete(prompt, 8)
        session.remove(0, from: 0)
        session.stopper.stop()
        #expect(writer.prefill(Array(repeating: 100, count: 400)) == .stopped)
        session.stopper.reset()
        session.remove(0, from: 0)
        #expect(try writer.complete(prompt, 8) == expected)
    }

    @Test("a full cache has no room and keeps what it holds")
    func noRoom() throws {
        let small = try Writer(model, cells: 256)
        let prompt = try model.prompt("Write a poem.")
        let expected = try small.complete(prompt, 8)
        small.session.remove(0, from: prompt.count - 1)
        let rest = small.session.cellCount - (prompt.count - 1)
        #expect(small.prefill(Array(repeating: 100, count: rest + 1), of: 1) == .noRoom)
        try #require(small.prefill([prompt[prompt.count - 1]], from: prompt.count - 1) == .decoded)
        #expect(try small.write(8, after: prompt.count, output: 0) == expected)
    }

    @Test("wrong batches and options are refused")
    func wrongInputs() {
        #expect(throws: EngineError.self) {
            try model.makeSession(SessionOptions(cells: 0, batch: 1, sequences: 1, outputs: 1, threads: 1))
        }
        guard case .failed = session.decode(TokenBatch()) else {
            Issue.record("an empty batch was computed")
            return
        }
        var batch = TokenBatch()
        batch.append(100, at: 0, of: 8, output: true)
        guard case .failed = session.decode(batch) else {
            Issue.record("a sequence that the session does not have was computed")
            return
        }
        batch.removeAll()
        batch.append(1_000_000, at: 0, of: 0, output: true)
        guard case .failed = session.decode(batch) else {
            Issue.record("a token beyond the vocabulary was computed")
            return
        }
    }

    @Test("a drafter proposes what followed before")
    func drafter() {
        let drafter = model.makeDrafter(keyLength: 2, mostTokens: 3)
        drafter.feed([1, 2, 3, 4, 5, 6])
        #expect(drafter.propose().isEmpty)
        drafter.feed([2, 3])
        #expect(drafter.propose() == [4, 5, 6])
        drafter.feed([4])
        #expect(drafter.propose() == [5, 6, 2])
    }

    @Test("a session embeds")
    func embedding() throws {
        let session = try model.makeSession(
            SessionOptions(cells: 256, batch: 256, sequences: 4, outputs: 256, threads: 2, pooling: .mean))
        var batch = TokenBatch()
        for (position, token) in try model.prompt("Hello").enumerated() {
            batch.append(token, at: position, of: 1, output: true)
        }
        try #require(session.decode(batch) == .decoded)
        #expect(session.embedding(of: 1).count == model.facts.embeddingWidth)
        #expect(session.embedding(of: 1).contains { $0 != 0 })
    }
}
