// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayWire

/// What `slipway import` tells of one model besides its version: on standard error, for people.
enum ImportReportText {
    static func tell(_ imported: ImportDTO) {
        guard let report = imported.report else { return }
        if let framework = report.framework {
            Console.note("converted \(Console.plain(framework)) to ONNX:")
            var table = TextTable("part", "what", "")
            for step in report.steps {
                table.add(Console.plain(step.path), Console.plain(step.kind), Console.plain(step.detail))
            }
            Console.note(table.text)
        }
        for finding in report.findings { Console.note("found: " + Console.plain(finding)) }
        for note in report.notes { Console.note("note: " + Console.plain(note)) }
        if report.framework != nil, let engine = report.verifiedBy { Console.note("loaded by \(engine)") }
        if let samples = report.samples { Console.note(text(samples)) }
    }

    static func text(_ samples: ImportReportDTO.Samples) -> String {
        let rows = "\(samples.rows) sample rows were answered"
        guard !samples.compared.isEmpty else { return rows }
        let names = samples.compared.map { "'\(Console.plain($0))'" }.joined(separator: ", ")
        let furthest = samples.largestDifference.map { ", scores at most \($0) away" } ?? ""
        return rows + " as expected in \(names)" + furthest
    }
}
