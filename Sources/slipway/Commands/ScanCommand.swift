// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SlipwayEngine
import SlipwayFormats

struct ScanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scan", abstract: "Tells what loading a model file could do, without loading it.",
        discussion: """
            Pickles, joblib files, PyTorch, Keras and zip files are looked into by content, whatever their names say; \
            nothing in them runs. Exit code 0 means that nothing speaks against the files, 1 that something does.
            """)

    @Argument(help: ArgumentHelp("Model files.", valueName: "file"))
    var files: [String]

    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if files.isEmpty { throw ValidationError("Name at least one file.") }
    }

    func run() async throws {
        var reports: [ScanReportDTO] = []
        for file in files {
            let report = try await LoaderThread.run { try ScanReport.scan(path: file) }
            reports.append(ScanReportDTO(report, file: file))
        }
        if global.output == .json {
            try Console.json(reports)
        } else {
            for report in reports { report.print() }
        }
        if reports.contains(where: { !$0.clean }) { throw ExitCode(1) }
    }
}
