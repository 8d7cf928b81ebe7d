// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SlipwayCore
import SlipwayWire

struct AliasCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "alias", abstract: "Moves an alias to a version, or removes it.")

    @Argument(help: "The model.")
    var model: String

    @Argument(help: "The alias: champion.")
    var alias: String

    @Argument(help: "The version's number; leave it out with --remove.")
    var version: Int?

    @Flag(help: "Remove the alias.")
    var remove = false

    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard remove == (version == nil) else {
            throw ValidationError("name a version, or --remove, and not both")
        }
    }

    func run() async throws {
        let aliases = try await global.withAdmin { try await $0.setAlias(alias, of: model, to: version) }
        if global.output == .json { return try Console.json(aliases) }
        for entry in aliases { print("\(model)@\(entry.alias) -> \(model):\(entry.version)") }
    }
}
