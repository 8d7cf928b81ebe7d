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
                    ImportCommand.self, ConvertCommand.self, ListCommand.self, ShowCommand.self, HistoryCommand.self,
                    AliasCommand.self, DeleteCommand.self, GarbageCommand.self, ExportCommand.self,
                ]),
            CommandGroup(
                name: "Endpoints",
                subcommands: [
                    DeployCommand.self, PromoteCommand.self, RollbackCommand.self, UndeployCommand.self,
                    ApplyCommand.self,
                ]),
            CommandGroup(
                name: "Watch",
                subcommands: [MonitorCommand.self, FeedbackCommand.self, CaptureCommand.self, RenderCommand.self]),
            CommandGroup(name: "Ask", subcommands: [PredictCommand.self, ChatCommand.self, BenchCommand.self]),
            CommandGroup(
                name: "Care",
                subcommands: [
                    ScanCommand.self, VerifyCommand.self, TokenCommand.self, BackupCommand.self, DoctorCommand.self,
                ]),
        ])

    /// Exit codes: 0 ok, 1 failed, 2 usage.
    static func main() async {
        // A reader that went away (`slipway list | head -1`) is an error of one write, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try parsed()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            Glibc.exit(report(error))
        }
    }

    /// Asking for help or the version is parsed like a wrong argument, and told on standard output.
    private static func parsed() throws -> any ParsableCommand {
        do {
            return try parseAsRoot()
        } catch {
            throw exitCode(for: error).isSuccess ? error : UsageFailure(text: fullMessage(for: error))
        }
    }

    /// Tells what went wrong and returns the exit code for it.
    private static func report(_ error: any Error) -> Int32 {
        switch error {
        case let code as ExitCode:
            return code.rawValue
        case let failure as UsageFailure:
            Console.note(failure.text)
            return 2
        case _ where exitCode(for: error).isSuccess:
            print(fullMessage(for: error))
            return 0
        default:
            Console.error(error)
            return 1
        }
    }

    private struct UsageFailure: Error { let text: String }
}

/// What this build calls itself.
enum Release {
    static let version = "0.1.0"
}
