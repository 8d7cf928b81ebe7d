// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOPosix
import SlipwayClient
import SlipwayCore
import Synchronization
import UnixSignals

/// A conversation in a terminal.
struct ChatTalk {
    private static let help = """
        /reset  forget the conversation
        /help   this
        /quit   end; so does Ctrl-D, and Ctrl-C twice
        Ctrl-C  stop an answer
        """

    let client: ChatClient
    /// What every conversation begins with.
    let opening: ChatQuestion

    func run() async throws {
        let interrupts = ChatInterrupts()
        let signals = await UnixSignalsSequence(trapping: .sigint)
        let watch = Task { for await _ in signals { interrupts.receive() } }
        defer { watch.cancel() }
        Console.note("Talking with '\(opening.model)'; /help tells what there is.")
        var question = opening
        while let line = try await Self.line() {
            interrupts.reset()
            switch line.trimmed {
            case "": continue
            case "/quit", "/exit": return
            case "/help": Console.note(Self.help)
            case "/reset":
                question = opening
                Console.note("The conversation begins anew.")
            case let command where command.hasPrefix("/") && !command.contains(" "):
                Console.note("'\(command)' is no command: /help tells what there is")
            case let text:
                question.messages.append(ChatMessage(.user, text))
                guard let answer = try await ask(question, interrupts) else {
                    // As if it had not been said: the next question is not to follow one without an answer.
                    question.messages.removeLast()
                    continue
                }
                question.messages.append(ChatMessage(.assistant, answer))
            }
        }
        Console.write("\n", to: STDOUT_FILENO)
    }

    /// The answer, as far as it came; `nil` when it failed, which is told.
    private func ask(_ question: ChatQuestion, _ interrupts: ChatInterrupts) async throws -> String? {
        let shown = ShownAnswer()
        let work = Task { [client] in try await client.ask(question) { shown.add($0) } }
        interrupts.begin { work.cancel() }
        defer { interrupts.end() }
        do {
            let answer = try await work.value
            shown.end(answer)
            return answer.content
        } catch {
            shown.end(nil)
            if work.isCancelled {
                Console.note("(stopped)")
                return shown.text.isEmpty ? nil : shown.text
            }
            // A server that is away, or starts again, ends no talk: what was said until now stays.
            guard let error = error as? ClientError else { throw error }
            Console.error(error)
            return nil
        }
    }

    /// The next line; `nil` at the end of the input. A thread waits that nobody else needs.
    private static func line() async throws -> String? {
        Console.write("> ", to: STDOUT_FILENO)
        return try await NIOThreadPool.singleton.runIfActive { readLine() }
    }
}

/// What of an answer was shown already.
private final class ShownAnswer: Sendable {
    private struct State {
        var printer = AnswerPrinter()
        var text = ""
    }

    private let state = Mutex(State())

    var text: String { state.withLock { $0.text } }

    func add(_ piece: ChatAnswer.Piece) {
        state.withLock { state in
            state.printer.show(piece)
            if case .content(let text) = piece { state.text += text }
        }
    }

    func end(_ answer: ChatAnswer?) { state.withLock { $0.printer.end(answer) } }
}

/// What Ctrl-C does: it stops the answer that comes, or, the second time at the prompt, the program.
private final class ChatInterrupts: Sendable {
    private struct State {
        var stop: (@Sendable () -> Void)?
        var wasPressed = false
    }

    private let state = Mutex(State())

    func begin(_ stop: @escaping @Sendable () -> Void) { state.withLock { $0.stop = stop } }
    func end() { state.withLock { $0.stop = nil } }
    /// A line was typed: the next Ctrl-C is the first again.
    func reset() { state.withLock { $0.wasPressed = false } }

    func receive() {
        let (stop, isSecond) = state.withLock { state in
            defer { if state.stop == nil { state.wasPressed = true } }
            return (state.stop, state.wasPressed)
        }
        if let stop { return stop() }
        guard !isSecond else {
            Console.write("\n", to: STDOUT_FILENO)
            exit(130)
        }
        Console.write("\n(Ctrl-C again ends, /quit too)\n> ", to: STDOUT_FILENO)
    }
}

extension String {
    fileprivate var trimmed: String {
        let isBlank = { (character: Character) in character.isWhitespace }
        var text = self[...]
        while text.first.map(isBlank) == true { text.removeFirst() }
        while text.last.map(isBlank) == true { text.removeLast() }
        return String(text)
    }
}
