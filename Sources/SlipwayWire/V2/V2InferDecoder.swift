// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// Decodes the body of `POST /v2/models/M[/versions/V]/infer`: JSON, JSON with binary tensors behind it, or
/// one raw tensor.
///
/// Numbers go from the JSON text into tensor storage, and binary tensors are copied once.
/// Texts of errors that clients know from Triton keep its wording.
package struct V2InferDecoder: Sendable {
    let endpoint: String
    let version: Int?
    let signature: ModelSignature?

    /// - Parameter signature: Needed by raw binary requests alone, which leave out shape and type.
    package init(endpoint: String, version: Int? = nil, signature: ModelSignature? = nil) {
        self.endpoint = endpoint
        self.version = version
        self.signature = signature
    }

    /// - Parameters:
    ///   - body: The whole body after decompression.
    ///   - owner: Keeps the body's bytes alive and unchanged for as long as it lives itself. With it, binary tensors
    ///     that lie aligned in the body are views of it; without it, they are copied.
    ///   - headerLength: The text of `Inference-Header-Content-Length`: the bytes of JSON at the body's
    ///     start. `nil` when the header is absent and all of the body is JSON; `0` for a raw binary request.
    ///   - receivedAt: From when the request's own `timeout` counts.
    /// - Throws: ``WireError``; ``SlipwayCore/TensorError`` becomes one.
    package func decode(
        _ body: UnsafeRawBufferPointer, keptBy owner: AnyObject? = nil, headerLength: String? = nil,
        receivedAt: ContinuousClock.Instant = .now
    ) throws(WireError) -> V2InferRequest {
        let jsonLength = try headerLength.map { (text) throws(WireError) in
            try Self.parseHeaderLength(text, bodyLength: body.count)
        }
        if jsonLength == 0 { return try decodeRaw(body, receivedAt: receivedAt) }

        let split = jsonLength ?? body.count
        let json = UnsafeRawBufferPointer(rebasing: body[0..<split])
        var binary = V2BinaryTail(
            bytes: UnsafeRawBufferPointer(rebasing: body[split...]), owner: owner, hasHeader: jsonLength != nil,
            endpoint: endpoint)
        var scanner = try JSONScanner(json)
        let head = try V2RequestHead(&scanner)
        let inputs = try head.tensors(&scanner, &binary)
        try binary.expectEnd()

        var parameters = head.parameters
        let form = try head.replyForm(&parameters)
        let timeout = try V2Parameters.takeUnsigned("timeout", &parameters)
        try V2Parameters.check(parameters)
        return V2InferRequest(
            inference: InferenceRequest(
                id: head.id, endpoint: endpoint, version: version, inputs: inputs,
                requestedOutputs: form.outputs?.map(\.name), parameters: parameters,
                deadline: Self.deadline(receivedAt, microseconds: timeout), receivedAt: receivedAt),
            replyForm: form)
    }

    private static func parseHeaderLength(_ text: String, bodyLength: Int) throws(WireError) -> Int {
        guard let length = Int(text) else {
            throw WireError(
                .invalidRequest,
                "Unable to parse Inference-Header-Content-Length: expected the number of JSON bytes before the "
                    + "binary data")
        }
        guard length >= 0, length <= bodyLength else {
            throw WireError(
                .invalidRequest, "inference header size should be in range (0, \(bodyLength)), got: \(length)")
        }
        return length
    }

    /// Zero means no limit, as in Triton; a time past what the clock can tell is no limit either.
    static func deadline(
        _ receivedAt: ContinuousClock.Instant, microseconds: UInt64?
    ) -> ContinuousClock.Instant? {
        guard let microseconds, microseconds > 0, microseconds < 1 << 60 else { return nil }
        return receivedAt + .microseconds(Int64(microseconds))
    }
}

/// The bytes behind the JSON, handed out in the order of the inputs.
struct V2BinaryTail {
    private(set) var bytes: UnsafeRawBufferPointer
    private let owner: AnyObject?
    let hasHeader: Bool
    let endpoint: String

    init(bytes: UnsafeRawBufferPointer, owner: AnyObject?, hasHeader: Bool, endpoint: String) {
        self.bytes = bytes
        self.owner = owner
        self.hasHeader = hasHeader
        self.endpoint = endpoint
    }

    /// The next `count` bytes in aligned storage: as a view where they lie aligned and are kept, else as a copy.
    mutating func take(_ count: Int, input: String) throws(WireError) -> TensorStorage {
        guard count == 0 || hasHeader else {
            throw WireError(
                .invalidRequest,
                "must specify valid 'Inference-Header-Content-Length' in request header and 'binary_data_size' when "
                    + "passing inputs in binary data format")
        }
        guard count <= bytes.count else {
            throw WireError(
                .invalidTensor,
                "unexpected size for input '\(input)', expecting \(count - bytes.count) additional bytes for model "
                    + "'\(endpoint)'")
        }
        let taken = UnsafeRawBufferPointer(rebasing: bytes[0..<count])
        bytes = UnsafeRawBufferPointer(rebasing: bytes[count...])
        return TensorStorage(received: taken, keptBy: owner)
    }

    func expectEnd() throws(WireError) {
        guard bytes.isEmpty else {
            throw WireError(
                .invalidRequest,
                "unexpected additional input data for model '\(endpoint)': \(bytes.count) bytes are left over")
        }
    }
}
