// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import SlipwayCore

@main
struct SlipwayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "slipway",
        abstract: "Launches trained models into production and keeps them healthy.",
        discussion: """
            Models are imported into a home (--home, $SLIPWAY_HOME, default ~/.slipway) as numbered, immutable \
            versions; endpoints serve versions. Commands open the home directly, or go through a running server's \
            admin API with --server ($SLIPWAY_SERVER).
            """,
        version: Release.version,
        groupedSubcommands: [
            CommandGroup(name: "Serve", subcommands: [ServeCommand.self, StatusCommand.self]),
            CommandGroup(
                name: "Models",
                subcommands: [
                    ImportCommand.self, ListCommand.self, ShowCommand.self, HistoryCommand.self, AliasCommand.self,
                    DeleteCommand.self, GarbageCommand.self,
                ]),
            CommandGroup(
                name: "Endpoints",
                subcommands: [DeployCommand.self, RollbackCommand.self, UndeployCommand.self]),
            CommandGroup(name: "Ask", subcommands: [PredictCommand.self, BenchCommand.self]),
            CommandGroup(
                name: "Care", subcommands: [TokenCommand.self, BackupCommand.self, DoctorCommand.self]),
        ])

    /// Exit codes: 0 ok, 1 failed, 2 usage.
    static func main() async {
        // A reader that went away (`slipway list | head -1`) is an error of one write, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try await parsed()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let code as ExitCode {
            Glibc.exit(code.rawValue)
        } catch {
            Console.error(error)
            Glibc.exit(1)
        }
    }

    private static func parsed() async throws -> any ParsableCommand {
        do {
            return try parseAsRoot()
        } catch {
            let code = exitCode(for: error)
            let text = fullMessage(for: error)
            if code.isSuccess {
                print(text)
            } else {
                Console.note(text)
            }
            throw code.isSuccess ? ExitCode(0) : ExitCode(2)
        }
    }
}

/// What this build calls itself.
enum Release {
    static let version = "0.1.0"
}
