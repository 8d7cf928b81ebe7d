// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// A decoded request of a cloud's prediction route.
package struct InvocationRequest: Sendable {
    /// Which contract the body followed, and the reply in JSON follows.
    package enum Style: Sendable, Hashable {
        case plain(TensorFlowPredictRequest.Style)
        case v2(V2ReplyForm)
    }

    package var inference: InferenceRequest
    package var style: Style

    package init(inference: InferenceRequest, style: Style) {
        self.inference = inference
        self.style = style
    }
}

/// Decodes the bodies that clouds' clients send, by a model's signature.
///
/// npy is not among them: that is a file's format, whose reader lies elsewhere.
package struct InvocationDecoder: Sendable {
    let endpoint: String
    let version: Int?
    let signature: ModelSignature

    package init(endpoint: String, version: Int? = nil, signature: ModelSignature) {
        self.endpoint = endpoint
        self.version = version
        self.signature = signature
    }

    /// - Parameters:
    ///   - body: The whole body after decompression.
    ///   - owner: Keeps the body's bytes alive and unchanged, so that binary tensors can be views of it.
    ///   - format: Any but npy.
    /// - Throws: ``WireError``.
    package func decode(
        _ body: UnsafeRawBufferPointer, keptBy owner: AnyObject? = nil, as format: InvocationFormat,
        receivedAt: ContinuousClock.Instant = .now
    ) throws(WireError) -> InvocationRequest {
        switch format {
        case .json: return try json(body, receivedAt)
        case .jsonLines: return try rows(try JSONLineRows.json(body), receivedAt)
        case .csv: return try rows(try CSVRows(signature).json(body), receivedAt)
        case .binary(_, let headerLength):
            let decoder = V2InferDecoder(endpoint: endpoint, version: version, signature: signature)
            let request = try decoder.decode(
                body, keptBy: owner, headerLength: headerLength, receivedAt: receivedAt)
            return InvocationRequest(inference: request.inference, style: .v2(request.replyForm))
        case .npy:
            throw WireError(.unsupported, "npy is no text: it is read by the reader of that format")
        }
    }

    private func json(
        _ body: UnsafeRawBufferPointer, _ receivedAt: ContinuousClock.Instant
    ) throws(WireError) -> InvocationRequest {
        switch try InvocationJSON.kind(of: body) {
        case .v2:
            let request = try V2InferDecoder(endpoint: endpoint, version: version, signature: signature).decode(
                body, receivedAt: receivedAt)
            return InvocationRequest(inference: request.inference, style: .v2(request.replyForm))
        case .keyed:
            let request = try TensorFlowPredictDecoder(endpoint: endpoint, signature: signature).decode(body)
            return InvocationRequest(
                inference: InferenceRequest(
                    endpoint: endpoint, version: version, inputs: request.inputs, receivedAt: receivedAt),
                style: .plain(request.style))
        case .rows:
            return try plain(body, receivedAt) { (reader, scanner) throws(WireError) in
                try reader.readRows(&scanner)
            }
        case .named:
            return try plain(body, receivedAt) { (reader, scanner) throws(WireError) in
                try reader.readColumns(&scanner)
            }
        }
    }

    private func plain(
        _ body: UnsafeRawBufferPointer, _ receivedAt: ContinuousClock.Instant,
        _ read: (RowReader, inout JSONScanner) throws(WireError) -> NamedTensors
    ) throws(WireError) -> InvocationRequest {
        var scanner = try JSONScanner(body)
        let inputs = try read(RowReader(endpoint: endpoint, signature: signature), &scanner)
        try scanner.finish()
        return InvocationRequest(
            inference: InferenceRequest(endpoint: endpoint, version: version, inputs: inputs, receivedAt: receivedAt),
            style: .plain(.plain))
    }

    /// Rows in JSON that was made here: a byte of it tells the client nothing.
    private func rows(
        _ json: [UInt8], _ receivedAt: ContinuousClock.Instant
    ) throws(WireError) -> InvocationRequest {
        let result = json.withUnsafeBytes { body in
            Result { () throws(WireError) in try self.json(body, receivedAt) }
        }
        do throws(WireError) {
            return try result.get()
        } catch {
            throw WireError(error.code, error.message)
        }
    }
}

/// What kind of JSON a body is, told from its outermost members alone.
enum InvocationJSON {
    enum Kind {
        case v2
        /// `instances`, `data`, or `inputs` as columns.
        case keyed
        /// A list.
        case rows
        /// An object from input name to the input's whole value, as BentoML takes it.
        case named
    }

    static func kind(of body: UnsafeRawBufferPointer) throws(WireError) -> Kind {
        var scanner = try JSONScanner(body)
        guard scanner.peek() != .openBracket else { return .rows }
        try scanner.beginObject()
        var isFirst = true
        while let key = try scanner.nextKey(isFirst: &isFirst) {
            switch key {
            case "inputs": return isTensor(scanner) ? .v2 : .keyed
            case "instances", "data": return .keyed
            default: try scanner.skipValue()
            }
        }
        return .named
    }

    /// Whether the value is a list whose first element is an object with a datatype: V2's tensors.
    private static func isTensor(_ scanner: JSONScanner) -> Bool {
        var probe = scanner
        do throws(WireError) {
            try probe.beginArray()
            var isFirst = true
            guard try probe.nextElement(isFirst: &isFirst) else { return true }
            try probe.beginObject()
            isFirst = true
            while let key = try probe.nextKey(isFirst: &isFirst) {
                if key == "datatype" { return true }
                try probe.skipValue()
            }
        } catch {
            return false
        }
        return false
    }
}
