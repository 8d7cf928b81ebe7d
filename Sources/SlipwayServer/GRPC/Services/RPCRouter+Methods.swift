// SPDX-License-Identifier: Apache-2.0

import GRPCCore
import SlipwayCore
import SwiftProtobuf

/// What a method of grpc-swift-2 knows of its call besides the message.
struct GRPCRequestContext: Sendable {
    let metadata: Metadata
    let receivedAt: ContinuousClock.Instant
    /// When the caller stops waiting, by `grpc-timeout`.
    let deadline: ContinuousClock.Instant?
    let cancellation: CancellationFlag
    /// The peer's network address without the port.
    let peerAddress: String

    init(_ metadata: Metadata, from peerAddress: String) {
        self.metadata = metadata
        self.peerAddress = peerAddress
        let now = ContinuousClock.now
        receivedAt = now
        deadline = metadata.text("grpc-timeout").flatMap { GRPCRequestHead.timeout($0) }.map { now + $0 }
        cancellation = CancellationFlag()
    }
}

extension Metadata {
    /// The first value of a key that is text.
    func text(_ key: String) -> String? { self[stringValues: key].first { _ in true } }
}

extension RPCRouter<GRPCTransport> {
    /// Adds a method of one message in and one out.
    mutating func unary<Request: SwiftProtobuf.Message, Reply: SwiftProtobuf.Message>(
        _ service: String, _ method: String,
        _ answer: @escaping @Sendable (Request, GRPCRequestContext) async throws -> Reply
    ) {
        registerHandler(
            forMethod: MethodDescriptor(fullyQualifiedService: service, method: method),
            deserializer: ProtobufDeserializer<Request>(), serializer: ProtobufSerializer<Reply>()
        ) { request, call in
            let context = GRPCRequestContext(request.metadata, from: call.remotePeer)
            do {
                let single = try await ServerRequest(stream: request)
                let reply = try await withRPCCancellationHandler {
                    try await answer(single.message, context)
                } onCancelRPC: {
                    context.cancellation.cancel()
                }
                return StreamingServerResponse(single: ServerResponse(message: reply))
            } catch {
                throw GRPCFailure.error(of: error)
            }
        }
    }

    /// Adds a method that answers a stream of messages, or one message, by a stream.
    mutating func streaming<Request: Sendable, Reply: Sendable>(
        _ service: String, _ method: String,
        _ deserializer: some MessageDeserializer<Request>, _ serializer: some MessageSerializer<Reply>,
        _ answer:
            @escaping @Sendable (
                RPCAsyncSequence<Request, any Error>, GRPCRequestContext, RPCWriter<Reply>
            ) async throws -> Void
    ) {
        registerHandler(
            forMethod: MethodDescriptor(fullyQualifiedService: service, method: method),
            deserializer: deserializer, serializer: serializer
        ) { request, call in
            let context = GRPCRequestContext(request.metadata, from: call.remotePeer)
            let messages = request.messages
            return StreamingServerResponse { writer in
                do {
                    try await withRPCCancellationHandler {
                        try await answer(messages, context, writer)
                    } onCancelRPC: {
                        context.cancellation.cancel()
                    }
                    return [:]
                } catch {
                    throw GRPCFailure.error(of: error)
                }
            }
        }
    }
}

/// Messages that are read and written as bytes, by codecs of ours.
struct GRPCRawDeserializer: MessageDeserializer {
    func deserialize<Bytes: GRPCContiguousBytes>(_ bytes: Bytes) throws -> GRPCBytes {
        if let same = bytes as? GRPCBytes { return same }
        return bytes.withUnsafeBytes { GRPCBytes($0) }
    }
}

struct GRPCRawSerializer: MessageSerializer {
    func serialize<Bytes: GRPCContiguousBytes>(_ message: GRPCBytes) throws -> Bytes {
        if let same = message as? Bytes { return same }
        return message.withUnsafeBytes { Bytes($0) }
    }
}
