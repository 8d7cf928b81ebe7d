// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import SlipwayCore
import SlipwayEngine
import SlipwayFormats
import SlipwayServing
import SlipwayWire

/// Answers prediction calls of clouds and of TorchServe: the body's form is told from its type, the reply's from
/// `Accept`.
struct Invocations: Sendable {
    let service: InferenceService
    /// The endpoint of calls that name none; `nil` for the only one there is.
    let defaultEndpoint: String?

    static let documentationBody = Route.Content.oneOf([
        .json("InvocationRequest"), .media("application/jsonlines", nil), .media("text/csv", nil),
        .media("application/x-npy", nil),
    ])
    static let documentationReply = Route.Content.oneOf([
        .json("InvocationReply"), .media("application/jsonlines", nil), .media("text/csv", nil),
        .media("application/x-npy", nil),
    ])

    /// The endpoint of calls that name none.
    ///
    /// - Throws: ``ServerError`` `unfinished` while there is none, `badParameter` when there are several.
    func endpointName() throws(ServerError) -> String {
        if let defaultEndpoint { return defaultEndpoint }
        let names = service.statuses().map(\.endpoint)
        guard let first = names.first else {
            throw ServerError(.unfinished, "no endpoint is deployed yet: ask again later, or deploy a model")
        }
        guard names.count == 1 else {
            throw ServerError(
                .badParameter,
                "this route asks the only endpoint, and there are several: name one in SLIPWAY_DEFAULT_ENDPOINT when "
                    + "the server starts, or ask /v2/models/NAME/infer")
        }
        return first
    }

    /// Answers a call whose body says what it is.
    func answer(_ call: HTTPCall, endpoint: String, version: Int? = nil) async throws -> HTTPReply {
        let accept = call.headers[.accept]
        guard let format = InvocationFormat(contentType: call.headers[.contentType]) else {
            return Self.refusal(415, "the content type is not taken")
        }
        guard let wanted = InvocationFormat.reply(accept: accept, to: format) else {
            return Self.refusal(406, "none of the types of Accept is made here")
        }
        // Before the body is read: an unknown model is told at once, and never as a fault of the body.
        let loaded = try await loaded(call, endpoint, version)
        let body = try await call.body(aligning: format.alignedLength)
        let request = try body.withUnsafeReadableBytes { bytes in
            guard format == .npy else {
                return try InvocationDecoder(endpoint: endpoint, version: version, signature: loaded.signature).decode(
                    bytes, keptBy: body, as: format, receivedAt: call.receivedAt)
            }
            return try Self.numpy(bytes, loaded.signature, endpoint: endpoint, version: version, call.receivedAt)
        }
        return try await respond(call, request, as: wanted)
    }

    /// The version to read a request by.
    func loaded(_ call: HTTPCall, _ endpoint: String, _ version: Int?) async throws -> LoadedVersion {
        try await service.endpoint(endpoint).readyVersion(
            version, until: try RequestControls.deadline(call), call.cancellation)
    }

    /// Infers, and writes the answer in the form wanted.
    func respond(
        _ call: HTTPCall, _ request: InvocationRequest, as format: InvocationFormat
    ) async throws -> HTTPReply {
        var inference = request.inference
        try RequestControls.apply(call, to: &inference)
        let (response, encoded) = try await service.infer(inference) { response, version in
            guard format != .npy else { return try Self.numpy(response.outputs) }
            return try InvocationEncoder.encode(
                response, style: request.style, as: format, labels: version.resolved.labels)
        }
        var reply = HTTPReply(contentType: encoded.contentType, body: encoded.segments)
        reply.timings = response.timings
        return reply
    }

    private static func refusal(_ status: Int, _ why: String) -> HTTPReply {
        .json(ErrorTable.body(message: "\(why): send or accept \(InvocationFormat.supported)"), status: status)
    }

    // MARK: - npy

    /// The request that one array is: the only input's value.
    ///
    /// numpy's own floats are double: they are rounded where the model takes float32.
    static func numpy(
        _ bytes: UnsafeRawBufferPointer, _ signature: ModelSignature, endpoint: String, version: Int?,
        _ receivedAt: ContinuousClock.Instant
    ) throws -> InvocationRequest {
        let required = signature.inputs.filter { !$0.isOptional }
        guard required.count == 1, let spec = required.first else {
            throw ServerError(
                .badParameter,
                "an npy body holds one array, and the model has \(required.count) inputs: send JSON instead")
        }
        var tensor = try NumpyReader.read(Array(bytes))
        if spec.elementType == .float32, let doubles = tensor.values(as: Double.self) {
            tensor = try Tensor(doubles.map { Float($0) }, shape: tensor.shape)
        }
        return InvocationRequest(
            inference: InferenceRequest(
                endpoint: endpoint, version: version, inputs: [spec.name: tensor], receivedAt: receivedAt),
            style: .plain(.plain))
    }

    private static func numpy(_ outputs: NamedTensors) throws -> InvocationReply {
        guard outputs.count == 1, let only = outputs.first else {
            throw ServerError(
                .badParameter, "an npy reply holds one array, and the model has \(outputs.count) outputs: accept JSON")
        }
        return InvocationReply(
            contentType: InvocationFormat.npy.contentType, segments: [.bytes(try NumpyWriter.bytes(of: only.tensor))])
    }
}

extension InvocationFormat {
    /// How many bytes of the body stand before what is to be aligned as tensors are.
    fileprivate var alignedLength: Int {
        guard case .binary(_, let length) = self else { return 0 }
        return Int(length).map { max(0, $0) } ?? 0
    }
}
