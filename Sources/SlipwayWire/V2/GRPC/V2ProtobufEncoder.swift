// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// Encodes an `inference.ModelInferResponse`: every output has an entry in `raw_output_contents`, in its order.
///
/// Large tensors are not copied: the pieces refer to their storage.
package enum V2ProtobufEncoder {
    /// A tensor of up to so many bytes is copied into the piece before it, which costs less than a piece of its own.
    private static let largestCopied = 4096

    /// - Parameters:
    ///   - form: What the request asked for.
    ///   - labels: The names of the classes of an output, by the output's name, for the classification extension.
    /// - Returns: The message in pieces.
    /// - Throws: ``WireError`` `notEncodable` for classes of outputs that have none; `incompleteResponse` when a
    ///   requested output is missing.
    package static func encode(
        _ response: InferenceResponse, as form: V2ReplyForm, labels: [String: [String]] = [:]
    ) throws(WireError) -> [WireSegment] {
        try encode(response, form, labels, isFinal: nil)
    }

    /// The same as an `inference.ModelStreamInferResponse`.
    ///
    /// - Parameter isFinal: Whether no other answer to the same request follows; told to those who asked for it.
    package static func encodeStreamed(
        _ response: InferenceResponse, as form: V2ReplyForm, labels: [String: [String]] = [:], isFinal: Bool = true
    ) throws(WireError) -> [WireSegment] {
        var segments = try encode(response, form, labels, isFinal: isFinal)
        var head = ProtobufWriter(capacity: 12)
        head.begin(2, byteCount: segments.reduce(0) { $0 + $1.byteCount })
        if case .bytes(let bytes) = segments.first {
            bytes.withUnsafeBytes { head.append($0) }
            segments[0] = .bytes(head.bytes)
        } else {
            segments.insert(.bytes(head.bytes), at: 0)
        }
        return segments
    }

    /// A `ModelStreamInferResponse` that says why a request of a stream failed; the stream goes on.
    ///
    /// - Parameter id: The request's own, by which the client knows what failed.
    package static func encodeStreamed(failure message: String, id: String? = nil) -> [WireSegment] {
        var writer = ProtobufWriter(capacity: message.utf8.count + 16)
        writer.text(1, message)
        if let id, !id.isEmpty {
            writer.begin(2, byteCount: ProtobufWriter.byteCount(ofText: id))
            writer.text(3, id)
        }
        return [.bytes(writer.bytes)]
    }

    private static func encode(
        _ response: InferenceResponse, _ form: V2ReplyForm, _ labels: [String: [String]], isFinal: Bool?
    ) throws(WireError) -> [WireSegment] {
        let outputs = try V2InferEncoder.collect(response, form, labels)
        var writer = ProtobufWriter(capacity: estimate(outputs))
        writer.text(1, response.endpoint)
        writer.text(2, String(response.version))
        if let id = response.id { writer.text(3, id) }
        if let isFinal { writeParameter(V2ProtobufParameters.finalResponse, isFinal, to: &writer) }
        for output in outputs { writeHead(output, to: &writer) }

        var segments: [WireSegment] = []
        for output in outputs {
            let storage = output.tensor.storage
            writer.begin(6, byteCount: storage.bytes.count)
            if storage.bytes.count <= largestCopied {
                withExtendedLifetime(storage) { writer.append(storage.bytes) }
            } else {
                segments.append(.bytes(writer.take()))
                segments.append(.storage(storage))
            }
        }
        let rest = writer.take()
        if !rest.isEmpty { segments.append(.bytes(rest)) }
        return segments
    }

    private static func estimate(_ outputs: [V2InferEncoder.Output]) -> Int {
        outputs.reduce(128) { sum, output in
            let copied = output.tensor.byteCount <= largestCopied ? output.tensor.byteCount : 0
            return sum + 96 + output.name.utf8.count + copied
        }
    }

    /// An `InferOutputTensor` without contents.
    private static func writeHead(_ output: V2InferEncoder.Output, to writer: inout ProtobufWriter) {
        let type = output.tensor.elementType.rawValue
        let dimensions = output.tensor.shape.dimensions
        let shapeSize =
            dimensions.isEmpty ? 0 : ProtobufWriter.byteCount(ofField: ProtobufWriter.byteCount(ofPacked: dimensions))
        writer.begin(
            5,
            byteCount: ProtobufWriter.byteCount(ofText: output.name) + ProtobufWriter.byteCount(ofText: type)
                + shapeSize)
        writer.text(1, output.name)
        writer.text(2, type)
        writer.packed(3, dimensions)
    }

    /// An entry of the `parameters` map with a boolean.
    private static func writeParameter(_ name: String, _ value: Bool, to writer: inout ProtobufWriter) {
        // Tag and value of the boolean.
        let valueSize = 2
        writer.begin(
            4, byteCount: ProtobufWriter.byteCount(ofText: name) + ProtobufWriter.byteCount(ofField: valueSize))
        writer.text(1, name)
        writer.begin(2, byteCount: valueSize)
        writer.bool(1, value)
    }
}
