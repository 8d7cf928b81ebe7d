// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SlipwayCore
import SlipwayWire

struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists models and their versions, newest first.")

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let models = try await global.withAdmin { try await $0.models() }
        if global.output == .json { return try Console.json(models) }
        guard !models.isEmpty else {
            return Console.note("no models yet: slipway import FILE --name NAME")
        }
        var table = TextTable("VERSION", "ALIASES", "FORMAT", "SIZE", "IMPORTED", "DIGEST")
        for version in models.flatMap(\.versions) {
            table.add(
                "\(version.id)", version.aliases.joined(separator: ","), version.format, byteText(version.byteCount),
                "\(version.createdAt)", "sha256:" + version.digest.hex.prefix(12))
        }
        print(table.text)
    }
}
