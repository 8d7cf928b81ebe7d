// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SlipwayWire

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "What is wanted of endpoints and what replicas do about it.")

    @Argument(help: "One endpoint; all when left out.")
    var endpoint: String?

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let status = try await global.withAdmin { admin in
            let endpoints =
                if let endpoint { [try await admin.endpoint(endpoint)] } else { try await admin.endpoints() }
            return StatusReport(endpoints: endpoints, replicas: try await admin.replicas().filter(\.isAlive))
        }
        if global.output == .json { return try Console.json(status) }
        status.print()
        if status.endpoints.isEmpty { Console.note("no endpoints yet: slipway deploy NAME") }
        if status.replicas.isEmpty { Console.note("no replica is up: slipway serve starts one") }
    }
}
