// SPDX-License-Identifier: Apache-2.0

import SlipwayEngine
import SlipwayServer
import SlipwayServing
import Testing

@Suite("Prompts of one call, a few at a time")
struct RequestWindowTests {
    private static let full = ServingError(code: .overloaded, message: "full")

    @Test("jobs begin in their order, so many at once, the next when one has ended")
    func order() async throws {
        let jobs = Array(0..<RequestWindow<Int, Int>.most + 2)
        var window = RequestWindow<Int, Int>(jobs)
        var begun: [Int] = []
        try await window.fill {
            begun.append($0)
            return $0
        }
        #expect(begun == Array(jobs.dropLast(2)))
        #expect(window.next() == 0)
        try await window.fill {
            begun.append($0)
            return $0
        }
        #expect(begun.count == jobs.count - 2)
        window.ended()
        try await window.fill {
            begun.append($0)
            return $0
        }
        #expect(begun == Array(jobs.dropLast()))
        #expect(window.next() == 1)
    }

    @Test("a full queue is waited for where jobs of the same call hold it, and told where none does")
    func full() async throws {
        var window = RequestWindow<Int, Int>([0, 1])
        try await window.fill { job in
            guard job == 0 else { throw Self.full }
            return job
        }
        #expect(window.next() == 0)
        #expect(window.next() == nil)
        try await window.fill { _ in throw Self.full }
        window.ended()
        await #expect(throws: ServingError.self) { try await window.fill { _ in throw Self.full } }
        try await window.fill { $0 }
        #expect(window.next() == 1)
    }

    @Test("other failures are told at once")
    func failures() async throws {
        var window = RequestWindow<Int, Int>([0, 1])
        await #expect(throws: ServingError.self) {
            try await window.fill { job in
                guard job == 0 else { throw ServingError(code: .cancelled, message: "gone") }
                return job
            }
        }
    }

    @Test("what other choices say waits for the prompt's probabilities, which their echoes begin with")
    func echoes() {
        let start = AnswerFlow.Happening.started(1)
        let piece = AnswerFlow.Happening.piece(1, ChoiceReader.Piece(deltas: [AnswerDelta(content: "a")]))
        var order = EchoOrder(awaitsPrompt: true)
        #expect(order.take(start) == [])
        #expect(order.take(piece) == [])
        #expect(order.take(.prompt([])) == [.prompt([]), start, piece])
        #expect(order.take(.started(0)) == [.started(0)])
        var free = EchoOrder(awaitsPrompt: false)
        #expect(free.take(start) == [start])
    }
}
