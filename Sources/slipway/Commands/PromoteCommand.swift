// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SlipwayCore
import SlipwayWire

struct PromoteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "promote", abstract: "Makes an endpoint's canary its primary.",
        discussion: "A shadow, or one of several canaries, is promoted by naming its version.")

    @Argument(help: "The endpoint.")
    var endpoint: String

    @Argument(help: "The version: name:3 or name@alias; the only canary when left out.")
    var reference: String?

    @Flag(help: "Wait until every live replica serves it, or one cannot.")
    var wait = false

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let version = try reference.map { try ModelReference(parsing: $0) }
        try await global.withAdmin { admin in
            var promoted = try await admin.promote(endpoint, version: version)
            if wait { promoted = try await DeployReport.settled(promoted, admin) }
            if global.output == .json { return try Console.json(promoted) }
            try await DeployReport.print(promoted, admin)
        }
    }
}
