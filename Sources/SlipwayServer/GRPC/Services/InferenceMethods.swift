// SPDX-License-Identifier: Apache-2.0

import GRPCCore
import NIOCore
import NIOHPACK
import SlipwayCore
import SlipwayServing
import SlipwayWire

/// `ModelInfer` and `ModelStreamInfer` of `inference.GRPCInferenceService`.
struct InferenceMethods: Sendable {
    let service: InferenceService
    let callers: CallerBook
    let trace: TraceSettings

    /// Unary inference, which grpc-swift-2 does not see.
    var direct: [GRPCDirectMethod] { [GRPCDirectMethod("/\(ServerMethods.name)/ModelInfer", infer)] }

    func register(in router: inout RPCRouter<GRPCTransport>) {
        router.streaming(
            ServerMethods.name, "ModelStreamInfer", GRPCRawDeserializer(), GRPCRawSerializer(), streamInfer)
    }

    @Sendable private func infer(_ call: GRPCCall, _ message: GRPCMessage) async throws -> GRPCReply {
        let decoded = try message.withBytes { bytes, owner in
            try V2ProtobufDecoder.decode(bytes, keptBy: owner, receivedAt: call.receivedAt)
        }
        let wishes = await callers.wishes(of: call)
        let (response, segments) = try await answer(decoded, wishes, call.requestID) { response, labels in
            try V2ProtobufEncoder.encode(response, as: decoded.replyForm, labels: labels)
        }
        return GRPCReply(segments: segments, timings: response.timings)
    }

    private func answer(
        _ decoded: V2InferRequest, _ wishes: RequestControls.Wishes, _ requestID: String,
        encode: (InferenceResponse, [String: [String]]) throws -> [WireSegment]
    ) async throws -> (InferenceResponse, [WireSegment]) {
        var request = decoded.inference
        RequestControls.apply(wishes, to: &request)
        let (response, segments) = try await service.infer(request) { response, version in
            try encode(response, decoded.replyForm.wantsClasses ? version.resolved.labels : [:])
        }
        trace.record(requestID, receivedAt: request.receivedAt, response)
        return (response, segments)
    }

    // MARK: - Streams

    /// Requests of one stream that are worked on at a time; answers keep the order of requests.
    private static let mostAtOnce = 64

    @Sendable private func streamInfer(
        _ messages: RPCAsyncSequence<GRPCBytes, any Error>, _ context: GRPCRequestContext,
        _ writer: RPCWriter<GRPCBytes>
    ) async throws {
        let endsAtErrors = context.metadata.text("triton_grpc_error") == "true"
        let (started, start) = AsyncStream.makeStream(of: Task<[WireSegment], any Error>.self)
        let (permits, permit) = AsyncStream.makeStream(of: Void.self)
        for _ in 0..<Self.mostAtOnce { permit.yield() }
        let wishes = await callers.wishes(of: context)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { start.finish() }
                var permits = permits.makeAsyncIterator()
                do {
                    for try await message in messages {
                        _ = await permits.next()
                        start.yield(Task { try await inferOne(message, wishes, endsAtErrors) })
                    }
                } catch {
                    // What came before is answered, and then the stream ends with this.
                    start.yield(Task { throw StreamEnd(cause: error) })
                }
            }
            group.addTask {
                for await task in started {
                    let segments: [WireSegment]
                    do {
                        segments = try await task.value
                    } catch let end as StreamEnd {
                        throw end.cause
                    }
                    try await writer.write(GRPCBytes(segments))
                    permit.yield()
                }
            }
            do {
                // The first error ends both loops; `waitForAll` would wait for the other one.
                for try await _ in group {}
            } catch {
                context.cancellation.cancel()
                group.cancelAll()
                throw error
            }
        }
    }

    /// Requests of a stream come to their end by an error.
    private struct StreamEnd: Error { let cause: any Error }

    /// The answer to one request of a stream; what went wrong is an answer too, unless it is to end the stream.
    private func inferOne(
        _ message: GRPCBytes, _ wishes: RequestControls.Wishes, _ endsAtErrors: Bool
    ) async throws -> [WireSegment] {
        var id: String?
        do {
            let decoded = try message.withUnsafeBytes { try V2ProtobufDecoder.decode($0) }
            id = decoded.inference.id
            return try await answer(decoded, wishes, id ?? "") { response, labels in
                try V2ProtobufEncoder.encodeStreamed(response, as: decoded.replyForm, labels: labels)
            }.1
        } catch  where !endsAtErrors {
            return V2ProtobufEncoder.encodeStreamed(failure: GRPCFailure.error(of: error).message, id: id)
        }
    }
}

extension CallerBook {
    /// What a direct call says about its treatment, and who it comes from.
    func wishes(of call: GRPCCall) async -> RequestControls.Wishes {
        let identity = await identity(
            authorization: call.headers.first(name: "authorization"), address: call.peerAddress)
        return RequestControls.Wishes(
            cancellation: call.cancellation, caller: Caller(identity: identity) { call.headers.first(name: $0) },
            deadline: call.deadline, priority: call.headers.first(name: "priority"), requestID: call.requestID,
            isOwnID: call.headers.first(name: "x-request-id") == call.requestID)
    }

    /// The same of a call that grpc-swift-2 answers.
    func wishes(of context: GRPCRequestContext) async -> RequestControls.Wishes {
        let metadata = context.metadata
        let identity = await identity(authorization: metadata.text("authorization"), address: context.peerAddress)
        return RequestControls.Wishes(
            cancellation: context.cancellation, caller: Caller(identity: identity) { metadata.text($0) },
            deadline: context.deadline, priority: metadata.text("priority"), requestID: nil)
    }
}

extension GRPCBytes {
    fileprivate init(_ segments: [WireSegment]) {
        self.init(repeating: 0, count: 0)
        buffer.reserveCapacity(segments.reduce(0) { $0 + $1.byteCount })
        for segment in segments { _ = segment.withBytes { buffer.writeBytes($0) } }
    }
}
