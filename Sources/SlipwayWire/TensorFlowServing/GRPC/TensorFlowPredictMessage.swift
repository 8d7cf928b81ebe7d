// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// A decoded `PredictRequest`, read straight from its bytes: tensors take at most one copy.
package struct TensorFlowPredictMessage: Sendable {
    package var target: TensorFlowTarget
    /// Without the version where ``target`` names it by label.
    package var inference: InferenceRequest

    /// Inputs, and outputs asked for, in one request.
    package static let maximumNames = 1024

    /// - Parameters:
    ///   - bytes: The message.
    ///   - owner: Keeps the bytes alive and unchanged; tensors that lie aligned are then views of them.
    /// - Throws: ``WireError``. Whether the tensors fit the model's signature is for
    ///   ``SlipwayCore/ModelSignature`` to say.
    package static func decode(
        _ bytes: UnsafeRawBufferPointer, keptBy owner: AnyObject? = nil, receivedAt: ContinuousClock.Instant = .now
    ) throws(WireError) -> TensorFlowPredictMessage {
        var message = ProtobufScanner(bytes)
        var spec = ModelSpecReader()
        var tensors = TensorProtoReader(owner: owner)
        var inputs = NamedTensors()
        var filter: [String] = []
        while let field = try message.nextField() {
            switch field.number {
            case 1: try spec.read(try message.message(field, "model_spec"))
            case 2:
                guard inputs.count < maximumNames else { throw tooMany("inputs") }
                try readInput(try message.message(field, "inputs"), &tensors, into: &inputs)
            case 3:
                guard filter.count < maximumNames else { throw tooMany("outputs in output_filter") }
                filter.append(try message.text(field, "output_filter"))
            default: try message.skip(field)
            }
        }
        let target = try spec.target()
        return TensorFlowPredictMessage(
            target: target,
            inference: InferenceRequest(
                endpoint: target.endpoint, version: target.version, inputs: inputs,
                requestedOutputs: filter.isEmpty ? nil : filter, receivedAt: receivedAt))
    }

    private static func tooMany(_ what: String) -> WireError {
        WireError(.invalidRequest, "expected at most \(maximumNames) \(what), got more")
    }

    /// One entry of the map: its key may come after its value.
    private static func readInput(
        _ entry: ProtobufScanner, _ tensors: inout TensorProtoReader, into inputs: inout NamedTensors
    ) throws(WireError) {
        var entry = entry
        var name = ""
        var value: ProtobufScanner?
        while let field = try entry.nextField() {
            switch field.number {
            case 1: name = try entry.text(field, "inputs.key")
            case 2: value = try entry.message(field, "inputs.value")
            default: try entry.skip(field)
            }
        }
        do throws(WireError) {
            guard let value else { throw WireError(.invalidTensor, "the input has no tensor") }
            guard inputs.append(try tensors.read(value, input: name), named: name) else {
                throw WireError(.invalidRequest, "the input is given twice")
            }
        } catch {
            throw error.within("input '\(name)'")
        }
    }
}

/// Reads `ModelSpec`; a field that comes twice counts as it came last.
private struct ModelSpecReader {
    private var name = ""
    private var version: Int64?
    private var label = ""
    private var signature = ""

    mutating func read(_ message: ProtobufScanner) throws(WireError) {
        var message = message
        while let field = try message.nextField() {
            switch field.number {
            case 1: name = try message.text(field, "name")
            case 2:
                version = try Self.wrapped(try message.message(field, "version"))
                label = ""
            case 3: signature = try message.text(field, "signature_name")
            case 4:
                label = try message.text(field, "version_label")
                version = nil
            default: try message.skip(field)
            }
        }
    }

    /// `google.protobuf.Int64Value`
    private static func wrapped(_ message: ProtobufScanner) throws(WireError) -> Int64 {
        var message = message
        var value: Int64 = 0
        while let field = try message.nextField() {
            if field.number == 1 {
                value = Int64(bitPattern: try message.integer(field, "version"))
            } else {
                try message.skip(field)
            }
        }
        return value
    }

    func target() throws(WireError) -> TensorFlowTarget {
        try TensorFlowTarget.check(name: name, signature: signature)
        var number: Int?
        if let version { number = try TensorFlowTarget.version(version) }
        return TensorFlowTarget(endpoint: name, version: number, label: label.isEmpty ? nil : label)
    }
}
