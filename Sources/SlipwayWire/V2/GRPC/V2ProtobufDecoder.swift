// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Decodes an `inference.ModelInferRequest`.
///
/// Raw tensors that lie aligned in the message are views of it, others are copied once; typed contents are
/// converted in one pass. What is not known is skipped. Texts of errors are those of ``V2InferDecoder`` where both
/// can fail alike.
package enum V2ProtobufDecoder {
    /// - Parameters:
    ///   - bytes: The whole message after decompression, without gRPC's prefix.
    ///   - owner: Keeps the bytes alive and unchanged for as long as it lives itself; without it, all is copied.
    ///   - receivedAt: From when the request's own `timeout` counts.
    /// - Throws: ``WireError``.
    package static func decode(
        _ bytes: UnsafeRawBufferPointer, keptBy owner: AnyObject? = nil, receivedAt: ContinuousClock.Instant = .now
    ) throws(WireError) -> V2InferRequest {
        var message = Message()
        var scanner = ProtobufScanner(bytes)
        while let field = try scanner.nextField() { try message.read(field, &scanner) }

        var parameters = message.parameters
        // Of the HTTP protocol: here all outputs are binary.
        parameters.removeValue(forKey: "binary_data_output")
        // Every streamed answer is marked, asked for or not.
        parameters.removeValue(forKey: V2ProtobufParameters.finalResponseWish)
        let form = try V2RequestHead.replyForm(message.outputs, &parameters)
        let timeout = try V2Parameters.takeUnsigned("timeout", &parameters)
        try V2Parameters.check(parameters)
        return V2InferRequest(
            inference: InferenceRequest(
                id: message.id.isEmpty ? nil : message.id, endpoint: message.model,
                version: try version(message.version), inputs: try tensors(message, owner),
                requestedOutputs: form.outputs?.map(\.name), parameters: parameters,
                deadline: V2InferDecoder.deadline(receivedAt, microseconds: timeout), receivedAt: receivedAt),
            replyForm: form)
    }

    /// The top level of the message, its inputs' values not read yet.
    private struct Message {
        var model = ""
        var version = ""
        var id = ""
        var parameters: [String: ParameterValue] = [:]
        var inputs: [V2ProtobufInput] = []
        var outputs: [V2OutputHead] = []
        var raw: [UnsafeRawBufferPointer] = []

        mutating func read(
            _ field: ProtobufScanner.Field, _ scanner: inout ProtobufScanner
        ) throws(WireError) {
            switch field.number {
            case 1: model = try scanner.text(field, "model_name")
            case 2: version = try scanner.text(field, "model_version")
            case 3: id = try scanner.text(field, "id")
            case 4: try V2ProtobufParameters.readEntry(field, &scanner, into: &parameters)
            case 5:
                try checkRoom(inputs.count, "inputs")
                do throws(WireError) {
                    inputs.append(try V2ProtobufInput(try scanner.message(field, "inputs")))
                } catch {
                    throw error.within("inputs[\(inputs.count)]")
                }
            case 6:
                try checkRoom(outputs.count, "outputs")
                do throws(WireError) {
                    outputs.append(try V2OutputHead(try scanner.message(field, "outputs")))
                } catch {
                    throw error.within("outputs[\(outputs.count)]")
                }
            case 7:
                try checkRoom(raw.count, "raw_input_contents")
                raw.append(try scanner.bytes(field, "raw_input_contents"))
            default: try scanner.skip(field)
            }
        }

        private func checkRoom(_ count: Int, _ name: StaticString) throws(WireError) {
            guard count < V2RequestHead.maximumEntries else {
                throw WireError(
                    .invalidRequest, "expected at most \(V2RequestHead.maximumEntries) '\(name)', got more")
            }
        }
    }

    /// Empty: none asked for.
    private static func version(_ text: String) throws(WireError) -> Int? {
        guard !text.isEmpty else { return nil }
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text) else {
            throw WireError(
                .invalidRequest,
                "Unable to parse 'model_version': expected a whole number, or nothing for the version that is served")
        }
        return number
    }

    /// The input tensors, in the order given.
    private static func tensors(_ message: Message, _ owner: AnyObject?) throws(WireError) -> NamedTensors {
        guard !message.inputs.isEmpty else {
            throw WireError(.invalidRequest, "Unable to parse 'inputs': the request has none")
        }
        guard message.raw.isEmpty || message.raw.count == message.inputs.count else {
            throw WireError(
                .invalidRequest,
                "expected one entry of 'raw_input_contents' for each of \(message.inputs.count) inputs, got "
                    + "\(message.raw.count)")
        }
        var tensors = NamedTensors()
        for (index, input) in message.inputs.enumerated() {
            do throws(WireError) {
                let tensor =
                    message.raw.isEmpty
                    ? try input.typedTensor() : try input.rawTensor(message.raw[index], keptBy: owner)
                guard tensors.append(tensor, named: input.name) else {
                    throw WireError(
                        .invalidRequest, "input '\(input.name)' already exists in request: each input comes once")
                }
            } catch {
                throw error.within("inputs[\(index)]")
            }
        }
        return tensors
    }
}
