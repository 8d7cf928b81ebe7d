// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// Decodes the JSON of TensorFlow Serving's `:predict`, which KServe V1 and Vertex AI share, by a model's signature.
///
/// Rows come as `instances`, whole inputs as `inputs`; a value is a number, a text, a boolean, `{"b64":"..."}` or a
/// list of values, and NaN, Infinity and -Infinity are numbers. Types come from the signature, shapes from the data.
/// Members it does not know, such as `parameters`, are passed over.
package struct TensorFlowPredictDecoder: Sendable {
    let endpoint: String
    let signature: ModelSignature

    package init(endpoint: String, signature: ModelSignature) {
        self.endpoint = endpoint
        self.signature = signature
    }

    /// - Parameter body: The whole body after decompression.
    /// - Throws: ``WireError``. Whether the tensors fit the signature is for ``SlipwayCore/ModelSignature`` to say.
    package func decode(_ body: UnsafeRawBufferPointer) throws(WireError) -> TensorFlowPredictRequest {
        var scanner = try JSONScanner(body)
        var found: (key: String, inputs: NamedTensors)?
        try scanner.beginObject()
        var isFirst = true
        while let key = try scanner.nextKey(isFirst: &isFirst) {
            switch key {
            case "instances", "inputs", "data":
                if let first = found?.key { throw Self.second(key, after: first, scanner) }
                do throws(WireError) {
                    found = (key, try read(key, &scanner))
                } catch {
                    throw error.within(key)
                }
            case "signature_name":
                try TensorFlowSignature.check(try scanner.text("signature_name"))
            default:
                try scanner.skipValue()
            }
        }
        try scanner.finish()
        guard let found else {
            throw WireError(
                .invalidRequest, "Missing 'inputs' or 'instances' key: expected a list of rows or whole inputs")
        }
        switch found.key {
        case "inputs": return TensorFlowPredictRequest(inputs: found.inputs, style: .columns)
        case "instances": return TensorFlowPredictRequest(inputs: found.inputs, style: .rows)
        default: return TensorFlowPredictRequest(inputs: found.inputs, style: .plain)
        }
    }

    private func read(_ key: String, _ scanner: inout JSONScanner) throws(WireError) -> NamedTensors {
        let reader = RowReader(endpoint: endpoint, signature: signature)
        return key == "inputs" ? try reader.readColumns(&scanner) : try reader.readRows(&scanner)
    }

    private static func second(_ key: String, after first: String, _ scanner: JSONScanner) -> WireError {
        let what = key == first ? "'\(key)' twice" : "both '\(first)' and '\(key)'"
        return WireError(
            .invalidRequest, "expected either 'instances' or 'inputs' once, got \(what)", at: "byte \(scanner.offset)")
    }
}
