// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SlipwayControl
import SlipwayWire

struct ApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Makes endpoints what a file says, and shows what changes.",
        discussion: "Endpoints that the file does not name stay as they are.")

    @Option(name: [.customShort("f"), .customLong("file")], help: "The endpoint file; - for standard input.")
    var file: String

    @Flag(help: "Only show what would change.")
    var dryRun = false

    @Flag(help: "Accept versions whose inputs or outputs do not fit the callers of today.")
    var allowSignatureChange = false

    @Flag(help: "Wait until every live replica serves what changed, or one cannot.")
    var wait = false

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let text = try TextInput.read(file, most: EndpointFile.maximumBytes)
        let endpoints = try EndpointFile.parse(text, name: file == "-" ? "stdin" : file)
        try await global.withAdmin { admin in
            let plan = try await EndpointFilePlan.make(
                endpoints, through: admin, allowsSignatureChange: allowSignatureChange)
            if global.output == .text { ApplyReport.print(plan) }
            let outcomes = dryRun ? [] : await plan.apply(through: admin)
            var failures = outcomes.compactMap { outcome in
                outcome.failure.map { (endpoint: outcome.change.endpoint, error: $0) }
            }
            if wait {
                for changed in outcomes.compactMap(\.endpoint) {
                    do {
                        _ = try await DeployReport.settled(changed, admin)
                    } catch {
                        failures.append((changed.name, error))
                    }
                }
            }
            if global.output == .json {
                try Console.json(ApplyReport(plan, outcomes, isDryRun: dryRun, failures: failures))
            } else {
                for outcome in outcomes { ApplyReport.print(outcome) }
            }
            for failure in failures { Console.error("\(failure.endpoint): \(failure.error)") }
            guard failures.isEmpty else { throw ExitCode(1) }
        }
    }
}
