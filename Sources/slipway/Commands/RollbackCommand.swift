// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SlipwayWire

struct RollbackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback", abstract: "Goes back to an earlier revision of an endpoint.",
        discussion: """
            Without --to, steps of rollouts are passed over. With it, a step comes back with its shares held: \
            no rollback starts a rollout again.
            """)

    @Argument(help: "The endpoint.")
    var endpoint: String

    @Option(help: ArgumentHelp("The revision; by default the one before.", valueName: "revision"))
    var to: Int?

    @Flag(help: "Wait until every live replica serves it, or one cannot.")
    var wait = false

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        try await global.withAdmin { admin in
            var restored = try await admin.rollback(endpoint, to: to)
            if wait { restored = try await DeployReport.settled(restored, admin) }
            if global.output == .json { return try Console.json(restored) }
            try await DeployReport.print(restored, admin)
        }
    }
}

struct UndeployCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "undeploy", abstract: "Takes an endpoint out of service; its history stays.")

    @Argument(help: "The endpoint.")
    var endpoint: String

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let undeployed = try await global.withAdmin { try await $0.undeploy(endpoint) }
        if global.output == .json { return try Console.json(undeployed) }
        print("\(endpoint) is undeployed (revision \(undeployed.revision.number))")
    }
}
