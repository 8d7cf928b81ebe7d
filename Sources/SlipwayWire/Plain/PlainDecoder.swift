// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// Decodes `{"data": rows}`, `{"instances": rows}` and bare rows by a model's signature.
///
/// A model of one input takes rows of values, nested as its shape; any model takes rows that are objects from
/// input name to value. Types come from the signature, shapes from the data; dimensions of 1 at the end may
/// be left out. Where a text is expected, `{"b64":"..."}` may stand for bytes.
package struct PlainDecoder: Sendable {
    let endpoint: String
    let signature: ModelSignature

    package init(endpoint: String, signature: ModelSignature) {
        self.endpoint = endpoint
        self.signature = signature
    }

    /// - Parameter body: The whole body after decompression.
    /// - Throws: ``WireError``. Whether the tensors fit the signature is for ``SlipwayCore/ModelSignature`` to say.
    package func decode(
        _ body: UnsafeRawBufferPointer, receivedAt: ContinuousClock.Instant = .now
    ) throws(WireError) -> PlainRequest {
        var scanner = try JSONScanner(body)
        let rows = RowReader(endpoint: endpoint, signature: signature)
        var found: (style: PlainRequest.Style, inputs: NamedTensors)?
        if scanner.peek() == .openBracket {
            found = (.data, try rows.readRows(&scanner))
        } else {
            try scanner.beginObject()
            var isFirst = true
            while let key = try scanner.nextKey(isFirst: &isFirst) {
                guard key == "data" || key == "instances" else {
                    try scanner.skipValue()
                    continue
                }
                guard found == nil else {
                    throw WireError(
                        .invalidRequest, "expected 'data' or 'instances' once, got a second one",
                        at: "byte \(scanner.offset)")
                }
                do throws(WireError) {
                    found = (key == "data" ? .data : .instances, try rows.readRows(&scanner))
                } catch {
                    throw error.within(key)
                }
            }
        }
        try scanner.finish()
        guard let found else {
            throw WireError(.invalidRequest, "expected a member 'data' (or 'instances') with a list of rows")
        }
        return PlainRequest(
            inference: InferenceRequest(
                endpoint: endpoint, inputs: found.inputs, receivedAt: receivedAt),
            style: found.style)
    }
}
