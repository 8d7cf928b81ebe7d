// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SlipwayCore
import SlipwayWire

struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Checks a stored version: its files, its engine, its answers.",
        discussion: """
            Every file is compared with its sha256, the version is loaded in its engine, and sample rows run through \
            it: those of --samples, else those it was imported with, else made-up ones. The exit code is 1 where \
            something is wrong.
            """)

    @Argument(help: "name, name:3, name@alias or name@sha256:0123ab.")
    var reference: String

    @Option(
        help: ArgumentHelp(
            "Rows to run through the model: .csv, .json, .jsonl, .npz, .npy or .arrow.", valueName: "file"))
    var samples: String?

    @Option(help: ArgumentHelp("What the model must answer to the samples.", valueName: "file"))
    var expected: String?

    @Option(
        help: ArgumentHelp(
            "How far scores may lie from the expected (default: as at import, or 1e-5).", valueName: "number"))
    var tolerance: Double?

    @Option(help: ArgumentHelp("Load it in this engine, or auto for any (default: the version's).", valueName: "name"))
    var engine: String?

    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard expected == nil || samples != nil else { throw ValidationError("--expected goes with --samples FILE") }
        if let tolerance, !(tolerance >= 0 && tolerance.isFinite) {
            throw ValidationError("expected --tolerance of 0 or more, got \(tolerance)")
        }
    }

    func run() async throws {
        let request = VerificationRequest(
            try ModelReference(parsing: reference), samples: samples, expected: expected,
            options: VerificationOptions(engine: engine, tolerance: tolerance))
        let bar = ProgressBar("verifying")
        defer { bar.finish() }
        let verification = try await global.withAdmin(needsEngines: true) { admin in
            try await admin.verify(request) { bar.show($0) }
        }
        bar.finish()
        if global.output == .json {
            try Console.json(verification)
        } else {
            VerificationReport.print(verification)
        }
        guard verification.isSound else { throw ExitCode(1) }
    }
}
