// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayWire

/// Reads bodies of TorchServe's predictions: plain ones, and forms whose fields `data` are rows each.
struct TorchServeReader {
    let endpoint: String
    let version: Int?
    let signature: ModelSignature
    let receivedAt: ContinuousClock.Instant

    /// - Throws: `WireError`, `FormatError` or ``ServerError``.
    func read(_ body: UnsafeRawBufferPointer, _ contentType: MediaType?) throws -> InvocationRequest {
        guard contentType?.essence == "multipart/form-data" else { return try single(body, contentType) }
        guard let boundary = contentType?.parameters["boundary"] else {
            throw ServerError(.badParameter, "the form's content type names no boundary")
        }
        let fields = try MultipartForm(body, boundary: boundary).parts.filter { ["data", "body"].contains($0.name) }
        guard let first = fields.first else {
            throw ServerError(.badParameter, "the form has no field 'data': expected it once or more")
        }
        guard fields.count > 1 else { return try single(first.content, first.contentType) }
        let values = try fields.map { field in
            let input = try TorchServeInput(
                contentType: field.contentType, content: field.content, signature: signature)
            guard input == .value else {
                throw ServerError(
                    .badParameter,
                    "a form of \(fields.count) fields 'data' is for models that take bytes: send one with all rows")
            }
            return Array(field.content)
        }
        return try bytes(values)
    }

    private func single(
        _ content: UnsafeRawBufferPointer, _ contentType: MediaType?
    ) throws -> InvocationRequest {
        switch try TorchServeInput(contentType: contentType, content: content, signature: signature) {
        case .value: return try bytes([Array(content)])
        case .format(.npy):
            return try Invocations.numpy(content, signature, endpoint: endpoint, version: version, receivedAt)
        case .format(let format):
            return try InvocationDecoder(endpoint: endpoint, version: version, signature: signature).decode(
                content, as: format, receivedAt: receivedAt)
        }
    }

    private func bytes(_ values: [[UInt8]]) throws -> InvocationRequest {
        try TorchServeInput.request(
            values: values, endpoint: endpoint, version: version, signature: signature, receivedAt: receivedAt)
    }
}
