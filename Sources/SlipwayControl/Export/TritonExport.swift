// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayRegistry

/// A model of a Triton model repository: `NAME/config.pbtxt` and `NAME/3/model.onnx`.
enum TritonExport {
    /// Rows of one call where the model's first dimension is free; Triton wants a number.
    private static let maximumBatchSize = 64

    static func plan(_ record: VersionRecord) throws(ControlError) -> ExportPlan {
        try ExportPlan.require([.onnx], record, "for Triton")
        let name = record.id.model
        var plan = ExportPlan()
        plan.copies = ExportPlan.files(record, below: "\(name)/\(record.id.number)/")
        let labels = ClassLabelFacts.read(record.draft.metadata).filter { label in
            !label.value.isEmpty && record.draft.signature.outputs.contains { $0.name == label.key }
        }
        var labelFiles: [String: String] = [:]
        for (index, label) in labels.sorted(by: { $0.key < $1.key }).enumerated() {
            labelFiles[label.key] = "labels-\(index).txt"
            let lines = label.value.joined(separator: "\n") + "\n"
            plan.texts.append(.init(path: "\(name)/labels-\(index).txt", bytes: Array(lines.utf8)))
        }
        plan.texts.append(
            .init(path: "\(name)/config.pbtxt", bytes: Array(config(record, labelFiles, &plan.notes).utf8)))
        return plan
    }

    private static func config(
        _ record: VersionRecord, _ labelFiles: [String: String], _ notes: inout [String]
    ) -> String {
        let signature = record.draft.signature
        let specs = signature.inputs + signature.outputs
        var lines = ["name: \(quoted(record.id.model))", "backend: \"onnxruntime\""]
        if record.draft.primaryPath != "model.onnx" {
            lines.append("default_model_filename: \(quoted(record.draft.primaryPath))")
        }
        let isBatched =
            signature.hasVariableFirstDimension && specs.allSatisfy { $0.form == .tensor && ($0.shape?.count ?? 0) > 1 }
        lines.append("max_batch_size: \(isBatched ? maximumBatchSize : 0)")
        // Triton knows neither values without a dimension nor ranks that are not told, and asks the model itself then.
        if specs.allSatisfy({ $0.form == .tensor && $0.shape?.isEmpty == false }) {
            lines += signature.inputs.map { tensor("input", $0, isBatched, nil) }
            lines += signature.outputs.map { tensor("output", $0, isBatched, labelFiles[$0.name]) }
        } else {
            notes.append("config.pbtxt leaves inputs and outputs to the model: some have no dimensions")
        }
        for spec in specs where spec.form != .tensor {
            notes.append("'\(spec.name)' is a \(spec.form.rawValue) of ONNX, which Triton does not serve")
        }
        lines.append("instance_group [ { kind: KIND_CPU } ]")
        if isBatched { lines.append("dynamic_batching { }") }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func tensor(_ kind: String, _ spec: TensorSpec, _ isBatched: Bool, _ labels: String?) -> String {
        let dims = (spec.shape ?? []).dropFirst(isBatched ? 1 : 0).map { String($0.wireExtent) }
        var text = "\(kind) [ { name: \(quoted(spec.name)) data_type: \(type(spec.elementType)) "
        text += "dims: [ \(dims.joined(separator: ", ")) ]"
        if spec.isOptional, kind == "input" { text += " optional: true" }
        if let labels { text += " label_filename: \(quoted(labels))" }
        return text + " } ]"
    }

    private static func type(_ type: ElementType) -> String {
        type == .bytes ? "TYPE_STRING" : "TYPE_" + type.rawValue
    }

    /// A text as protobuf's text format writes it.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                result += "\\" + String(Unicode.Scalar(byte))
            case 0x20..<0x7F: result += String(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 8)
                result += "\\" + String(repeating: "0", count: 3 - digits.count) + digits
            }
        }
        return result + "\""
    }
}
