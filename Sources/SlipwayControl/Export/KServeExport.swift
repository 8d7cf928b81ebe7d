// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats
import SlipwayRegistry

/// The folder that a KServe InferenceService reads as its storage, and the InferenceService itself.
///
/// KServe's own runtimes decide on the layout: Triton serves ONNX from a model repository, TensorFlow Serving wants
/// numbered folders; other files lie side by side.
enum KServeExport {
    static func plan(_ record: VersionRecord, _ options: ExportOptions) throws(ControlError) -> ExportPlan {
        var plan: ExportPlan
        let format: String
        var runtime: String?
        switch record.draft.format {
        case .onnx:
            plan = try TritonExport.plan(record)
            (format, runtime) = ("onnx", "kserve-tritonserver")
        case .savedModel:
            plan = ExportPlan()
            plan.copies = ExportPlan.files(record, below: "\(record.id.number)/")
            (format, runtime) = ("tensorflow", "kserve-tensorflow-serving")
        default:
            plan = ExportPlan()
            plan.copies = ExportPlan.files(record, below: "")
            format = record.draft.format.rawValue
            plan.notes.append(
                "no runtime that comes with KServe serves \(record.draft.format.displayName): name one in "
                    + "inference-service.yaml that does")
        }
        let text = service(record, format: format, runtime: runtime, options)
        plan.texts.append(.init(path: "inference-service.yaml", bytes: Array(text.utf8)))
        return plan
    }

    private static func service(
        _ record: VersionRecord, format: String, runtime: String?, _ options: ExportOptions
    ) -> String {
        let name = objectName(record.id.model)
        var lines = [
            "apiVersion: serving.kserve.io/v1beta1",
            "kind: InferenceService",
            "metadata:",
            // JSON is YAML.
            "  name: \(JSONText.quoted(name))",
            "  annotations:",
            "    slipway/version: \(JSONText.quoted("\(record.id)"))",
            "    slipway/digest: \(JSONText.quoted("\(record.digest)"))",
            "spec:",
            "  predictor:",
            "    model:",
            "      modelFormat:",
            "        name: \(JSONText.quoted(format))",
        ]
        if let runtime { lines.append("      runtime: \(JSONText.quoted(runtime))") }
        if record.draft.format == .onnx { lines.append("      protocolVersion: v2") }
        lines.append("      storageUri: \(JSONText.quoted(options.storageURI ?? "pvc://\(name)"))")
        return lines.joined(separator: "\n") + "\n"
    }

    /// A name as Kubernetes takes it: lower-case letters, digits and dashes, a letter first, at most 63.
    private static func objectName(_ model: String) -> String {
        var name = String(
            model.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }.drop { $0 == "-" }.prefix(
                60))
        while name.hasSuffix("-") { name.removeLast() }
        return name.first?.isLetter == true ? name : "m-" + name
    }
}
