// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import SlipwayClient
import SlipwayCore
import SlipwayWire

struct ChatCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chat", abstract: "Talks with a language model.",
        discussion: """
            Asks a running replica: the one that the home or --server knows, or any server that speaks OpenAI's chat \
            completions with --http. Without a terminal, standard input is one message. Ctrl-C stops an answer; twice \
            at the prompt, it ends the program. At the prompt /help tells what else there is.
            """)

    @Argument(help: "An endpoint that serves a language model.")
    var endpoint: String

    @Option(help: ArgumentHelp("Ask this server, http://HOST:PORT.", valueName: "url"))
    var http: String?

    @Option(help: ArgumentHelp("Ask this and end.", valueName: "text"))
    var message: String?

    @Option(help: ArgumentHelp("What the model is told before the conversation.", valueName: "text"))
    var system: String?

    @Option(help: ArgumentHelp("From 0, always the likeliest, to 2.", valueName: "number"))
    var temperature: Double?

    @Option(help: ArgumentHelp("Tokens of an answer at most.", valueName: "n"))
    var maxTokens: Int?

    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if let temperature, !(temperature >= 0 && temperature <= 2) {
            throw ValidationError("expected --temperature from 0 to 2, got \(temperature)")
        }
        if let maxTokens, maxTokens < 1 {
            throw ValidationError("expected --max-tokens of 1 or more, got \(maxTokens)")
        }
    }

    func run() async throws {
        let isTalk = message == nil && isatty(STDIN_FILENO) == 1
        guard !isTalk || global.output == .text else {
            throw ValidationFailure("--output json tells one answer: give --message TEXT, or text on standard input")
        }
        let client = ChatClient(server: try await server(), token: global.apiKey)
        var question = ChatQuestion(
            model: endpoint, messages: system.map { [ChatMessage(.system, $0)] } ?? [], temperature: temperature,
            maximumTokens: maxTokens)
        guard !isTalk else { return try await ChatTalk(client: client, opening: question).run() }
        let text = try message ?? TextInput.read("-", most: Self.longestInput)
        guard text.contains(where: { !$0.isWhitespace }) else {
            throw ValidationFailure("there is no message: give --message TEXT, or text on standard input")
        }
        question.messages.append(ChatMessage(.user, text))
        if global.output == .json {
            print(Self.json(try await client.ask(question) { _ in }))
        } else {
            var printer = AnswerPrinter()
            let answer = try await client.ask(question) { printer.show($0) }
            printer.end(answer)
        }
    }

    private static let longestInput = 16 << 20

    /// - Throws: ``ValidationFailure`` that says how to start a server, when none runs.
    private func server() async throws -> ServerAddress {
        if let http { return try ServerAddress(parsing: http) }
        return try await global.withAdmin { try await LiveReplica.inferenceAddress($0) }
    }

    private static func json(_ answer: ChatAnswer) -> String {
        var json = JSONWriter()
        json.object { json in
            json.member("content", answer.content)
            if !answer.reasoning.isEmpty { json.member("reasoning_content", answer.reasoning) }
            if let reason = answer.finishReason { json.member("finish_reason", reason) }
            if let count = answer.promptTokens { json.member("prompt_tokens", count) }
            if let count = answer.completionTokens { json.member("completion_tokens", count) }
        }
        return String(decoding: json.bytes, as: UTF8.self)
    }
}
