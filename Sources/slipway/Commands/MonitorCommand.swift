// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SlipwayClient
import SlipwayCore
import SlipwayMonitoring
import SlipwayWire

struct MonitorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "monitor", abstract: "What monitors measure, what they alert of, and what guards did.",
        subcommands: [Show.self, Profile.self, Alerts.self, Decisions.self, Silence.self, Signals.self],
        defaultSubcommand: Show.self)

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Every reading of an endpoint, with its history, and the alerts that hold.",
            discussion: """
                Asks a server: the one of --server, else a replica of this home that is up. Without one, shows what \
                replicas stored.
                """)

        @Argument(help: "An endpoint.")
        var name: String

        @Flag(help: "Show it again every second, until Ctrl-C.")
        var watch = false

        @Flag(help: "Every feature and output, not only those that stand out.")
        var all = false

        @OptionGroup var global: GlobalOptions

        func run() async throws {
            try await global.withLiveAdmin(mayBeStored: true) { admin in
                while true {
                    let monitors = try await admin.monitors(of: name)
                    if watch, global.output == .text { print(MonitorReport.clear, terminator: "") }
                    try tell(monitors)
                    guard watch else { return }
                    try await Task.sleep(for: .seconds(1))
                }
            }
        }

        private func tell(_ monitors: MonitorsDTO) throws {
            if global.output == .json { return try Console.json(monitors) }
            print(MonitorReport(monitors, showsAll: all).text)
            if !monitors.isLive { Console.note("no server says so: this is what replicas stored") }
        }
    }

    struct Signals: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the signals that rules may name.")

        @OptionGroup var global: GlobalOptions

        func run() throws {
            let signals = SignalKind.allCases.map(SignalLine.init)
            if global.output == .json { return try Console.json(signals) }
            var table = TextTable("SIGNAL", "FAMILY", "SUBJECT", "TEST")
            for signal in signals {
                table.add(signal.signal, signal.family, signal.subject, signal.hasTest ? "yes" : "no")
            }
            print(table.text)
        }
    }

    /// A signal as programs read it.
    private struct SignalLine: Encodable {
        let signal: String
        let family: String
        /// What it is told of: a column, a segment, a name of its own, or nothing.
        let subject: String
        /// Whether a threshold can be chosen by the time between false alarms.
        let hasTest: Bool

        init(_ kind: SignalKind) {
            signal = kind.rawValue
            let traits = kind.traits
            family = traits.family.rawValue
            subject = traits.subject.rawValue
            hasTest = traits.hasTest
        }
    }
}

extension GlobalOptions {
    /// Runs `body` with a server's administration: that of --server, or of a replica of this home that is up.
    ///
    /// - Parameter mayBeStored: Whether the home itself will do where no replica is up or it asks for a key.
    func withLiveAdmin<R>(
        mayBeStored: Bool = false, needsEngines: Bool = false, _ body: (any AdminService) async throws -> R
    ) async throws -> R {
        guard try serverAddress == nil else { return try await withAdmin(body) }
        return try await withAdmin(needsEngines: needsEngines) { home in
            let addresses = try await home.replicas().filter(\.isAlive).compactMap { $0.addresses["admin"] }
            guard let address = addresses.first else {
                guard mayBeStored else { throw ValidationFailure("no replica is up: slipway serve starts one") }
                return try await body(home)
            }
            do {
                return try await body(AdminClient(server: try ServerAddress(parsing: address), token: apiKey))
            } catch let error as ClientError
                where mayBeStored && [.unauthenticated, .unavailable].contains(error.category)
            {
                return try await body(home)
            }
        }
    }
}
