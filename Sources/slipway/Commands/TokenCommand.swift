// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SlipwayWire

struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Makes, lists and revokes API keys of the admin API.",
        discussion: "Once a key exists, the admin API asks for one.",
        subcommands: [Create.self, List.self, Revoke.self], defaultSubcommand: List.self)

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Makes a key and prints it, this once.")

        @Option(help: "viewer, operator or admin.")
        var role: String

        @Option(help: "What the key is for.")
        var label = ""

        @Option(help: "Days until it expires; never by default.")
        var days: Int?

        @OptionGroup var global: GlobalOptions

        func run() async throws {
            let request = TokenRequest(role: role, label: label, days: days)
            let created = try await global.withAdmin { try await $0.createToken(request) }
            if global.output == .json { return try Console.json(created) }
            print(created.secret)
            Console.note("keep it: only its hash is stored, so it cannot be shown again")
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists keys, without their secrets.")

        @OptionGroup var global: GlobalOptions

        func run() async throws {
            let tokens = try await global.withAdmin { try await $0.tokens() }
            if global.output == .json { return try Console.json(tokens) }
            var table = TextTable("ID", "ROLE", "LABEL", "CREATED", "EXPIRES")
            for token in tokens {
                table.add(
                    token.id, token.role, token.label, "\(token.createdAt)", token.expiresAt.map { "\($0)" } ?? "never")
            }
            print(table.text)
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Revokes a key.")

        @Argument(help: "The key's id, as the list shows it.")
        var id: String

        @OptionGroup var global: GlobalOptions

        func run() async throws {
            try await global.withAdmin { try await $0.revokeToken(id) }
            if global.output == .text { print("revoked \(id)") }
        }
    }
}
