// SPDX-License-Identifier: Apache-2.0

import SlipwayControl
import SlipwayConversion
import SlipwayCore

/// What `slipway convert` tells of one model.
struct ConvertedFileReport: Encodable, Sendable {
    let sources: [String]
    let out: String
    let byteCount: Int
    let format: String
    let framework: String
    let inputs: [TensorSpec]
    let outputs: [TensorSpec]
    let classLabels: [String: [String]]
    let featureNames: [String]
    let steps: [ConversionReport.Step]
    let notes: [String]

    init(
        sources: [String], out: String, byteCount: Int, result: SourceConversion.Result, signature: ModelSignature
    ) {
        self.sources = sources
        self.out = out
        self.byteCount = byteCount
        format = result.format.rawValue
        let report = result.model.report
        framework = report.framework
        inputs = signature.inputs
        outputs = signature.outputs
        classLabels = result.model.classLabels
        featureNames = report.featureNames
        steps = report.steps
        notes = report.notes
    }

    /// Prints it for people; notes go to standard error.
    func show() {
        print("\(out) (\(byteText(byteCount))) from \(Console.plain(framework))")
        var table = TextTable("part", "what", "")
        for spec in inputs { table.add("input \(Console.plain(spec.name))", spec.elementType.rawValue, spec.shapeText) }
        for spec in outputs {
            table.add("output \(Console.plain(spec.name))", spec.elementType.rawValue, spec.shapeText)
        }
        for step in steps { table.add(Console.plain(step.path), Console.plain(step.kind), Console.plain(step.detail)) }
        print(table.text)
        for note in notes { Console.note("note: " + Console.plain(note)) }
    }
}

/// What `slipway convert` tells of weights that it wrote by themselves.
struct ConvertedWeightsReport: Encodable, Sendable {
    let source: String
    let out: String
    let tensors: Int
}
