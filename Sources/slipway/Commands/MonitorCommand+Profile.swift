// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SlipwayCore
import SlipwayWire

extension MonitorCommand {
    struct Profile: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes the reference profile of a version, or shows it.",
            discussion: """
                With --data, the version is asked for every row, and what rows and answers look like is kept: drift \
                and quality are held against it from then on.
                """)

        @Argument(help: "An endpoint, for its primary, or a reference such as fraud:3.")
        var name: String

        @Option(help: ArgumentHelp("Rows that are good: .csv, .jsonl, .npy, .npz or .arrow.", valueName: "file"))
        var data: String?

        @Option(help: ArgumentHelp("The column with the truth.", valueName: "column"))
        var labels: String?

        @OptionGroup var global: GlobalOptions

        func validate() throws {
            guard labels == nil || data != nil else { throw ValidationError("--labels goes with --data FILE") }
        }

        func run() async throws {
            let reference = try ModelReference(parsing: name)
            // A server that is up reads the new profile at once.
            let profile = try await global.withLiveAdmin(mayBeStored: true, needsEngines: data != nil) { admin in
                guard let data else { return try await admin.profile(of: reference) }
                let bar = ProgressBar("profiling")
                defer { bar.finish() }
                return try await admin.makeProfile(
                    ProfileRequest(reference: reference, path: data, labels: labels)
                ) { bar.show($0) }
            }
            if global.output == .json { return try Console.json(profile) }
            Self.print(profile)
        }

        private static func print(_ profile: ProfileDTO) {
            Swift.print("\(profile.version)  \(profile.rows) rows  \(profile.task.rawValue)  \(profile.createdAt)")
            if !profile.classes.isEmpty {
                Swift.print("classes  \(Console.plain(profile.classes.joined(separator: ", ")))")
            }
            for (name, value) in profile.performance.sorted(by: { $0.key < $1.key }) {
                Swift.print("\(name)  \(ValueText.of(value))")
            }
            var table = TextTable("COLUMN", "KIND", "MISSING", "MEAN", "SD", "MIN", "MEDIAN", "MAX", "DISTINCT")
            for column in profile.features + profile.outputs {
                let median = column.quantiles.flatMap { $0.count == 5 ? $0[2] : nil }
                table.add(
                    Console.plain(column.name), column.kind, "\(column.missing)", ValueText.of(column.mean),
                    ValueText.of(column.standardDeviation), ValueText.of(column.minimum), ValueText.of(median),
                    ValueText.of(column.maximum), ValueText.of(column.distinct.rounded()))
            }
            Swift.print(table.text)
            if !profile.leftOut.isEmpty { Swift.print("left out: \(profile.leftOut.count) columns") }
        }
    }
}
