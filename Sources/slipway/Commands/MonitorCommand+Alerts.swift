// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SlipwayCore
import SlipwayWire

extension MonitorCommand {
    struct Alerts: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists alerts, newest first.")

        @Argument(help: "One endpoint; all when left out.")
        var name: String?

        @Option(help: "pending, firing or resolved; all when left out.")
        var state: String?

        @Option(help: "The newest so many.")
        var limit = 50

        @OptionGroup var global: GlobalOptions

        func run() async throws {
            let filter = AlertFilter(endpoint: name, state: state, limit: limit)
            let alerts = try await global.withAdmin { try await $0.alerts(filter) }
            if global.output == .json { return try Console.json(alerts) }
            for alert in alerts { print(MonitorReport.line(alert)) }
            if alerts.isEmpty { Console.note("no alerts") }
        }
    }

    struct Decisions: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists what guards decided, newest first, with the evidence.")

        @Argument(help: "One endpoint; all when left out.")
        var name: String?

        @Option(help: "The newest so many.")
        var limit = 50

        @OptionGroup var global: GlobalOptions

        func run() async throws {
            let decisions = try await global.withAdmin { try await $0.decisions(of: name, limit: limit) }
            if global.output == .json { return try Console.json(decisions) }
            for decision in decisions {
                let version = decision.version.map { " (\($0))" } ?? ""
                print(
                    "\(decision.at)  \(decision.endpoint)\(version)  \(decision.guardName): "
                        + "\(decision.action.rawValue), \(decision.outcome): \(Console.plain(decision.text))")
                for alert in decision.evidence { print("    \(alert.rule): \(Console.plain(alert.summary))") }
            }
            if decisions.isEmpty { Console.note("no decisions") }
        }
    }

    struct Silence: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Keeps alerts from being told for a while, lists such silences, or ends one.",
            discussion: "Alerts that are silenced are recorded all the same, and guards act on them.")

        @Option(name: .customLong("for"), help: ArgumentHelp("How long: 30m, 2h. Makes a silence.", valueName: "time"))
        var duration: TimeSpan?

        @Option(help: "Alerts of this endpoint only.")
        var endpoint: String?

        @Option(help: "Alerts of this rule only.")
        var rule: String?

        @Option(help: "Alerts about this feature, output or segment only.")
        var subject: String?

        @Option(help: "Why.")
        var reason: String?

        @Option(help: ArgumentHelp("Ends the silence of this id.", valueName: "id"))
        var remove: String?

        @OptionGroup var global: GlobalOptions

        func validate() throws {
            guard duration == nil || remove == nil else { throw ValidationError("give either --for or --remove") }
            let isGiven = [endpoint, rule, subject, reason].contains { $0 != nil }
            guard duration != nil || !isGiven else { throw ValidationError("how long? add --for TIME") }
        }

        func run() async throws {
            if let remove {
                try await global.withAdmin { try await $0.removeSilence(remove) }
                if global.output == .text { print("ended \(remove)") }
                return
            }
            if let duration {
                let (whole, atto) = duration.duration.components
                let request = SilenceRequest(
                    endpoint: endpoint, rule: rule, subject: subject, seconds: Double(whole) + Double(atto) / 1e18,
                    reason: reason)
                let silence = try await global.withAdmin { try await $0.addSilence(request) }
                if global.output == .json { return try Console.json(silence) }
                return print("\(silence.id) until \(silence.until)")
            }
            let silences = try await global.withAdmin { try await $0.silences() }
            if global.output == .json { return try Console.json(silences) }
            var table = TextTable("ID", "UNTIL", "ENDPOINT", "RULE", "SUBJECT", "REASON")
            for silence in silences {
                table.add(
                    silence.id, "\(silence.until)", Console.plain(silence.endpoint ?? "any"),
                    Console.plain(silence.rule ?? "any"),
                    Console.plain(silence.subject ?? "any"), Console.plain(silence.reason))
            }
            print(table.text)
        }
    }
}
