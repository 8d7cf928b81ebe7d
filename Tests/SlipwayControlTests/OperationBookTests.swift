// SPDX-License-Identifier: Apache-2.0

import SlipwayControl
import SlipwayCore
import SlipwayTestKit
import SlipwayWire
import Testing

@Suite("Operations", .timeLimit(.minutes(2)))
struct OperationBookTests {
    private func ended(_ book: OperationBook, _ id: String) async throws -> OperationDTO {
        await eventually { (try? book.operation(id).state) != "running" }
        return try book.operation(id)
    }

    @Test("tells progress while it runs and the result when it ended")
    func success() async throws {
        let result = try await TestHome().importIdentity()
        let book = OperationBook()
        let gate = Gate(isOpen: false)
        let late = Collected<@Sendable (Double) -> Void>()
        let started = try book.start("import") { progress in
            late.add(progress)
            progress(0.5)
            progress(0.25)
            await gate.pass()
            return result
        }
        #expect(started.state == "running")
        #expect(started.kind == "import")
        await gate.waitForArrivals(1)
        #expect(try book.operation(started.id).progress == 0.5)
        gate.open()
        let operation = try await ended(book, started.id)
        #expect(operation.state == "succeeded")
        #expect(operation.progress == 1)
        #expect(operation.result == result)
        for progress in late.values { progress(0.1) }
        #expect(try book.operation(started.id).progress == 1)
    }

    @Test("tells an error in words, and hides those that are not of the house")
    func failure() async throws {
        struct Secret: Error {}
        let book = OperationBook()
        let first = try book.start("import") { _ in throw ControlError(.invalidRequest, "write it so") }
        let second = try book.start("import") { _ in throw Secret() }
        #expect(
            try await ended(book, first.id).error
                == ErrorDTO(error: "write it so", code: "invalidRequest", category: "invalidInput"))
        #expect(
            try await ended(book, second.id).error
                == ErrorDTO(error: "internal error", code: "internal", category: "internal"))
        #expect(try book.operation(first.id).state == "failed")
        #expect([first.id, second.id] == ["op-1", "op-2"])
    }

    @Test("does not know other ids", arguments: ["", "op-1", "op-99"])
    func unknown(id: String) {
        let error = #expect(throws: ControlError.self) { try OperationBook().operation(id) }
        #expect(error?.category == .notFound)
    }

    @Test("runs a limited number at a time")
    func busy() async throws {
        let book = OperationBook()
        let gate = Gate(isOpen: false)
        let started = try (0..<OperationBook.concurrent).map { _ in
            try book.start("import") { _ in
                await gate.pass()
                throw ControlError(.notFound, "gone")
            }
        }
        let error = #expect(throws: ControlError.self) {
            try book.start("import") { _ in throw ControlError(.notFound, "gone") }
        }
        #expect(error?.code == .busy)
        #expect(error?.category == .unavailable)
        gate.open()
        for operation in started { _ = try await ended(book, operation.id) }
        let next = try book.start("import") { _ in throw ControlError(.notFound, "gone") }
        #expect(try await ended(book, next.id).state == "failed")
    }

    @Test("forgets the oldest ended ones, never one that runs")
    func forgets() async throws {
        let book = OperationBook()
        let gate = Gate(isOpen: false)
        let running = try book.start("import") { _ in
            await gate.pass()
            throw ControlError(.notFound, "gone")
        }
        for _ in 0..<(OperationBook.remembered + 20) {
            let operation = try book.start("import") { _ in throw ControlError(.notFound, "gone") }
            _ = try await ended(book, operation.id)
        }
        let known = (1...OperationBook.remembered + 21).filter { (try? book.operation("op-\($0)")) != nil }
        #expect(running.id == "op-1")
        #expect(known == [1] + Array(23...OperationBook.remembered + 21))
        gate.open()
        #expect(try await ended(book, running.id).state == "failed")
    }
}
