// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// Encodes the answer of an inference request as JSON, or as JSON with binary tensors behind it.
///
/// Numbers are written flat, row-major, in the shortest form that reads back as the same value; NaN, Infinity
/// and -Infinity as those tokens, which Python's json and tritonclient read. Texts are written unchanged, so
/// that BYTES outputs which are not UTF-8 must be asked for as binary.
package enum V2InferEncoder {
    /// - Parameters:
    ///   - form: What the request asked for.
    ///   - labels: The names of the classes of an output, by the output's name, for the classification extension.
    /// - Throws: ``WireError`` `notEncodable` for FP16, BF16 and text that is not UTF-8 in JSON and for classes
    ///   of outputs that have none; `incompleteResponse` when a requested output is missing.
    package static func encode(
        _ response: InferenceResponse, as form: V2ReplyForm, labels: [String: [String]] = [:]
    ) throws(WireError) -> V2InferReply {
        let outputs = try collect(response, form, labels)
        var binary: [WireSegment] = []
        var json = JSONWriter()
        json.bytes.reserveCapacity(estimate(outputs))
        try json.object { (json) throws(WireError) in
            if let id = response.id { json.member("id", id) }
            json.member("model_name", response.endpoint)
            json.member("model_version", String(response.version))
            try json.member(
                "outputs",
                array: { (json) throws(WireError) in
                    for output in outputs {
                        try json.object { (json) throws(WireError) in try write(output, to: &json) }
                        if output.isBinary { binary.append(.storage(output.tensor.storage)) }
                    }
                })
        }
        let hasBinary = outputs.contains(where: \.isBinary)
        return V2InferReply(
            segments: [.bytes(json.bytes)] + binary.filter { $0.byteCount > 0 },
            headerLength: hasBinary ? json.bytes.count : nil)
    }

    struct Output {
        let name: String
        let tensor: Tensor
        let isBinary: Bool
    }

    static func collect(
        _ response: InferenceResponse, _ form: V2ReplyForm, _ labels: [String: [String]]
    ) throws(WireError) -> [Output] {
        guard let wishes = form.outputs else {
            return response.outputs.map { Output(name: $0.name, tensor: $0.tensor, isBinary: form.isBinary) }
        }
        var outputs: [Output] = []
        outputs.reserveCapacity(wishes.count)
        for wish in wishes {
            guard var tensor = response.outputs[wish.name] else {
                throw WireError(.incompleteResponse, "the model did not return output '\(wish.name)'")
            }
            if let count = wish.classification {
                tensor = try Classification.best(
                    count, of: tensor, output: wish.name, labels: labels[wish.name] ?? [])
            }
            outputs.append(Output(name: wish.name, tensor: tensor, isBinary: wish.isBinary))
        }
        return outputs
    }

    /// Enough for most replies, so that the buffer seldom grows.
    private static func estimate(_ outputs: [Output]) -> Int {
        outputs.reduce(128) { sum, output in
            let perElement = output.isBinary ? 0 : min(output.tensor.count, 1 << 24)
            return sum + 96 + output.name.utf8.count + perElement * 12
        }
    }

    private static func write(_ output: Output, to json: inout JSONWriter) throws(WireError) {
        json.member("name", output.name)
        json.member("datatype", output.tensor.elementType.rawValue)
        json.member("shape", output.tensor.shape.dimensions)
        if output.isBinary {
            json.member("parameters", object: { $0.member("binary_data_size", output.tensor.byteCount) })
        } else {
            json.key("data")
            let type = output.tensor.elementType
            if type == .float16 || type == .bfloat16 {
                throw WireError(
                    .notEncodable,
                    "sending \(type.rawValue) data via JSON is not supported. Please use the binary data format for "
                        + "output '\(output.name)'")
            }
            try TensorPrinter(output.tensor, name: output.name).writeFlat(to: &json)
        }
    }
}
