// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// What the body of `POST /predictions/M` is, told from what the client says and else from the bytes.
package enum TorchServeInput: Sendable, Hashable {
    case format(InvocationFormat)
    /// One value of a model that takes bytes: an image, a sound, a text.
    case value

    /// - Parameters:
    ///   - contentType: `nil` where the client does not say; then, and for types that say nothing, the bytes count.
    ///   - content: The body, or a field of a form.
    ///   - signature: Of the model.
    /// - Throws: ``WireError`` `invalidRequest` for bytes that the model has no use for.
    package init(
        contentType: MediaType?, content: UnsafeRawBufferPointer, signature: ModelSignature
    ) throws(WireError) {
        if content.starts(with: [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]) {
            self = .format(.npy)
            return
        }
        let takesBytes = signature.inputs.filter { !$0.isOptional }.map(\.elementType) == [.bytes]
        let first = content.first { !JSONScanner.isWhitespace($0) }
        let looksLikeJSON = first == .openBrace || first == .openBracket
        if let contentType, !Self.saysNothing(contentType.essence) {
            if let format = InvocationFormat(contentType: contentType.essence) {
                self = .format(format)
                return
            }
            if takesBytes {
                self = .value
                return
            }
        } else if looksLikeJSON {
            self = .format(.json)
            return
        } else if takesBytes {
            self = .value
            return
        }
        throw WireError(
            .invalidRequest,
            "the model takes tensors, and the data is neither JSON nor npy: send \(InvocationFormat.supported)")
    }

    /// What curl and HTTP libraries send when nobody said what the data is.
    private static func saysNothing(_ essence: String) -> Bool {
        ["application/octet-stream", "application/x-www-form-urlencoded", "text/plain"].contains(essence)
    }

    /// The request of several values of a model that takes bytes, a row each.
    ///
    /// - Throws: ``WireError`` `invalidRequest` where the model takes anything else.
    package static func request(
        values: [[UInt8]], endpoint: String, version: Int?, signature: ModelSignature,
        receivedAt: ContinuousClock.Instant
    ) throws(WireError) -> InvocationRequest {
        let required = signature.inputs.filter { !$0.isOptional }
        guard required.count == 1, let spec = required.first, spec.elementType == .bytes else {
            throw WireError(.invalidRequest, "the model does not take bytes: send rows as JSON or npy")
        }
        let rank = max(1, spec.shape?.count ?? 1)
        let shape = Shape([values.count] + Array(repeating: 1, count: rank - 1))
        guard values.allSatisfy({ UInt32(exactly: $0.count) != nil }) else {
            throw WireError(.invalidTensor, "a value of 4 GiB or more cannot be sent")
        }
        var inputs = NamedTensors()
        do throws(TensorError) {
            inputs.append(
                try Tensor(elementType: .bytes, shape: shape, storage: BytesLayout.pack(values)), named: spec.name)
        } catch {
            throw WireError(.invalidTensor, error.message)
        }
        return InvocationRequest(
            inference: InferenceRequest(endpoint: endpoint, version: version, inputs: inputs, receivedAt: receivedAt),
            style: .plain(.plain))
    }
}
