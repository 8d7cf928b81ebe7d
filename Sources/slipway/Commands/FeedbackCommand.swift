// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SlipwayControl
import SlipwayCore
import SlipwayFormats
import SlipwayWire

struct FeedbackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "feedback", abstract: "Tells a server what turned out to be true of earlier requests.",
        discussion: """
            Requests are named by the x-request-id of their answers. A CSV file has columns request_id and label; \
            others are business numbers. A line of a JSON lines file is {"requestID":...,"label":...,"kpis":{...}}.
            """)

    @Argument(help: "An endpoint.")
    var endpoint: String

    @Option(help: ArgumentHelp("The x-request-id of one answer.", valueName: "id"))
    var id: String?

    @Option(help: "What was right: a class or a number.")
    var label: String?

    @Option(name: .customLong("kpi"), help: ArgumentHelp("A business number; may be repeated.", valueName: "name=1.5"))
    var kpis: [String] = []

    @Option(help: ArgumentHelp("Many: .csv or .jsonl.", valueName: "file"))
    var file: String?

    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard (id == nil) != (file == nil) else { throw ValidationError("give either --id ID or --file FILE") }
        guard file == nil || (label == nil && kpis.isEmpty) else {
            throw ValidationError("--label and --kpi go with --id ID")
        }
        guard file != nil || label != nil || !kpis.isEmpty else { throw ValidationError("add --label or --kpi") }
    }

    func run() async throws {
        let (report, failure) = try await global.withLiveAdmin { admin -> (FeedbackReport, (any Error)?) in
            var report = FeedbackReport()
            if let id {
                var item = FeedbackItemDTO(requestID: id, label: label.map(LabelDTO.init(text:)))
                if !kpis.isEmpty { item.kpis = try numbers() }
                report.add(try await admin.feedback(FeedbackRequest(items: [item]), to: endpoint).results)
            } else if let file {
                do {
                    try await send(file, to: admin, &report)
                } catch {
                    // What was sent before it is told all the same.
                    return (report, error)
                }
            }
            return (report, nil)
        }
        guard let failure else { return try report.tell(as: global.output) }
        try? report.tell(as: global.output)
        throw failure
    }

    /// Items of one call.
    private static let batch = 1000

    private func send(_ path: String, to admin: any AdminService, _ report: inout FeedbackReport) async throws {
        var items = try FeedbackFile(path: path, try FileSource(path: path))
        while true {
            let batch = try items.next(Self.batch)
            guard !batch.isEmpty else { return }
            // What cannot be read is not sent: a server would not be told why.
            report.add(
                batch.compactMap { item in
                    item.problem.map { FeedbackResultDTO(requestID: item.requestID, outcome: .invalid, message: $0) }
                })
            let readable = batch.filter { $0.problem == nil }
            guard !readable.isEmpty else { continue }
            report.add(try await admin.feedback(FeedbackRequest(items: readable), to: endpoint).results)
        }
    }

    private func numbers() throws -> [String: Double] {
        var numbers: [String: Double] = [:]
        for text in kpis {
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, let number = Double(parts[1]), number.isFinite else {
                throw ValidationFailure("'\(text)' is not a business number: write --kpi revenue=12.5")
            }
            numbers[parts[0]] = number
        }
        return numbers
    }
}
