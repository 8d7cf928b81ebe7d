// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SlipwayControl
import SlipwayCore
import SlipwayWire

struct HistoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "What happened to a model: imports, alias moves, deployments.",
        discussion: "With --at, tells what the endpoint of this name served at that instant.")

    @Argument(help: "A model; with --at, an endpoint.")
    var name: String

    @Option(help: ArgumentHelp("An instant in UTC: 2026-11-21T12:00:00Z.", valueName: "time"))
    var at: String?

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        if let at {
            guard let instant = Timestamp(iso8601: at) else {
                throw ValidationFailure("'\(at)' is not an instant: write 2026-11-21T12:00:00Z")
            }
            return try await showLive(at: instant)
        }
        let history = try await global.withAdmin { try await $0.history(of: name) }
        if global.output == .json { return try Console.json(history) }
        for event in history.events {
            print("\(event.at)  \(event.kind.padding(to: 8))  \(event.text)")
        }
    }

    private func showLive(at instant: Timestamp) async throws {
        let revisions = try await global.withAdmin { try await $0.revisions(of: name, at: instant) }
        if global.output == .json { return try Console.json(revisions) }
        guard let revision = revisions.first else { return print("\(name) did not exist at \(instant)") }
        let version = revision.spec?.routeText ?? revision.version.map { "\($0)" } ?? "nothing: it was undeployed"
        print("\(name) served \(version) (revision \(revision.number) since \(revision.createdAt), \(revision.reason))")
    }
}

extension String {
    func padding(to width: Int) -> String { self + String(repeating: " ", count: Swift.max(0, width - count)) }
}

/// Something wrong with the arguments that only running the command could find.
struct ValidationFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
