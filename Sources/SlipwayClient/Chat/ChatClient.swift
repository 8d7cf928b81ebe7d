// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NIOHTTP1
import SlipwayCore

/// Talks with a language model on any server that speaks OpenAI's chat completions.
package struct ChatClient: Sendable {
    private let server: ServerAddress
    private let token: String?
    /// Keeps a conversation on the version that it began with.
    private let conversation: String

    /// - Parameters:
    ///   - server: Where it listens: `http://127.0.0.1:8080`.
    ///   - token: Sent as a bearer token; `nil` where none is asked for.
    package init(server: ServerAddress, token: String? = nil) {
        self.server = server
        self.token = token
        var generator = SystemRandomNumberGenerator()
        conversation = String(generator.next(), radix: 16)
    }

    /// Asks, and tells the answer as it comes. Ends early when the task is cancelled: the server then stops too.
    ///
    /// - Throws: ``ClientError``, or `CancellationError`.
    package func ask(
        _ question: ChatQuestion, onPiece: (ChatAnswer.Piece) async -> Void
    ) async throws -> ChatAnswer {
        let response = try await send(question)
        var reader = EventStreamReader()
        var answer = ChatAnswer()
        do {
            for try await part in response.body {
                for event in try reader.read(part.readableBytesView) {
                    if ChatAnswer.isEnd(event) { return answer }
                    for piece in try answer.read(event) { await onPiece(piece) }
                }
            }
        } catch let error as ClientError {
            throw error
        } catch {
            try Task.checkCancellation()
            throw ClientError.unreachable("\(server)", cause: error)
        }
        try Task.checkCancellation()
        // Some servers leave the mark out.
        if answer.finishReason != nil { return answer }
        throw ClientError.invalidReply("the stream ended before '[DONE]'", location: Self.path)
    }

    private static let path = "/v1/chat/completions"
    /// Of a whole answer, which may take as long as it grows.
    private static let timeout = TimeAmount.hours(24)
    /// Without a sign of life. Slipway gives one every 15 seconds; other servers none while they read a long prompt.
    private static let longestSilence = TimeAmount.minutes(5)

    /// Lives as long as the process.
    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.timeout.read = longestSilence
        return HTTPClient(eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: configuration)
    }()
    private static let largestRefusal = 1 << 20

    private func send(_ question: ChatQuestion) async throws -> HTTPClientResponse {
        var request = HTTPClientRequest(url: "\(server)\(Self.path)")
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.headers.add(name: "x-conversation-id", value: conversation)
        if let token { request.headers.add(name: "authorization", value: "Bearer \(token)") }
        request.body = .bytes(ByteBuffer(bytes: question.encode()))
        let response: HTTPClientResponse
        do {
            response = try await Self.client.execute(request, timeout: Self.timeout)
        } catch {
            try Task.checkCancellation()
            throw ClientError.unreachable("\(server)", cause: error)
        }
        guard response.status != .ok else { return response }
        let body = (try? await response.body.collect(upTo: Self.largestRefusal)) ?? ByteBuffer()
        let told = try? JSONDecoder().decode(ChatFailure.self, from: Data(body.readableBytesView))
        let status = Int(response.status.code)
        throw ClientError(
            code: .refused, category: ServerCaller.category(ofStatus: status),
            message: told?.error.message ?? "the server answered with status \(status)",
            location: "POST \(Self.path)")
    }
}
