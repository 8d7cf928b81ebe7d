// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SlipwayCore
import SlipwayWire

struct CaptureCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "capture", abstract: "Lists, exports and erases captured requests.",
        discussion: "What is captured is said by monitoring.capture in the endpoint file.",
        subcommands: [List.self, Export.self, Erase.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the segments of an endpoint, oldest first.")

        @Argument(help: "An endpoint.")
        var endpoint: String

        @OptionGroup var global: GlobalOptions

        func run() async throws {
            let capture = try await global.withLiveAdmin(mayBeStored: true) { try await $0.capture(of: endpoint) }
            if global.output == .json { return try Console.json(capture) }
            var table = TextTable("SEGMENT", "FROM", "TO", "ROWS", "SIZE")
            for segment in capture.segments {
                table.add(
                    segment.name, "\(segment.startedAt)", segment.endedAt.map { "\($0)" } ?? "open",
                    "\(segment.rows)", byteText(segment.byteCount))
            }
            print(table.text)
            let counts = capture.counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
            if !counts.isEmpty { print(counts.joined(separator: ", ")) }
        }
    }

    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Copies segments, Arrow IPC files that pandas and polars read, to a folder.")

        @Argument(help: "An endpoint.")
        var endpoint: String

        @Option(help: ArgumentHelp("The folder; it is made where there is none.", valueName: "dir"))
        var out: String

        @Option(help: ArgumentHelp("Only segments with requests since then: 2026-11-21T12:00:00Z.", valueName: "time"))
        var since: String?

        @Flag(help: "One file of the requests that a label came for, with their labels.")
        var labelled = false

        @OptionGroup var global: GlobalOptions

        func run() async throws {
            let since = try since.map { text in
                guard let instant = Timestamp(iso8601: text) else {
                    throw ValidationFailure("'\(text)' is not an instant: write 2026-11-21T12:00:00Z")
                }
                return instant
            }
            try OutputFolder.make(out)
            // A server that is up writes out what it has not written yet.
            let paths = try await global.withLiveAdmin(mayBeStored: true) { admin in
                if labelled {
                    let file = try OutputFile(folder: out, name: "\(endpoint)-labelled.arrow")
                    let request = ExportRequest(from: since, onlyLabelled: true)
                    try await admin.exportCapture(request, of: endpoint) { try file.write($0) }
                    return [try file.finish()]
                }
                var paths: [String] = []
                // The one that is written now is not whole yet.
                for segment in try await admin.capture(of: endpoint).segments {
                    guard let endedAt = segment.endedAt, since.map({ endedAt >= $0 }) ?? true else { continue }
                    let file = try OutputFile(folder: out, name: segment.name)
                    try await admin.readCapture(segment.name, of: endpoint) { try file.write($0) }
                    paths.append(try file.finish())
                }
                return paths
            }
            if global.output == .json { return try Console.json(paths) }
            for path in paths { print(path) }
            if paths.isEmpty { Console.note("no segment is finished yet") }
        }
    }

    struct Erase: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Removes the captured data of requests for good.")

        @Argument(help: "An endpoint.")
        var endpoint: String

        @Option(name: .customLong("id"), help: ArgumentHelp("The x-request-id; may be repeated.", valueName: "id"))
        var ids: [String] = []

        @OptionGroup var global: GlobalOptions

        func validate() throws {
            guard !ids.isEmpty else { throw ValidationError("whose? add --id ID") }
        }

        func run() async throws {
            let request = EraseRequest(requestIDs: ids)
            let erased = try await global.withLiveAdmin(mayBeStored: true) {
                try await $0.eraseCapture(request, of: endpoint)
            }
            if global.output == .json {
                try Console.json(erased)
            } else {
                print(
                    "erased \(erased.rows) rows of \(erased.segments) segments, removed \(erased.filesRemoved) files "
                        + "that could not be read")
            }
            guard erased.stillOpen == 0 else {
                Console.warning(
                    "\(erased.stillOpen) segments are still being written, and not erased: erase again in a minute")
                throw ExitCode(1)
            }
        }
    }
}
