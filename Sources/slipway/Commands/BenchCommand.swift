// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SlipwayClient
import SlipwayCore
import SlipwayWire

struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Loads any server that speaks the Open Inference Protocol V2.",
        discussion: """
            Closed loop (--concurrency): each connection sends the next request when it has the answer. Open loop \
            (--rate): Poisson arrivals, latency counted from the intended send time, so that a stalled server \
            cannot hide its queue.
            """)

    @Argument(help: "An endpoint of a live replica, or a URL: http://HOST:PORT/v2/models/NAME.")
    var target: String

    @Option(help: "Requests always under way.")
    var concurrency: Int?

    @Option(help: "Requests a second, Poisson.")
    var rate: Double?

    @Flag(help: "Send and ask for binary tensors instead of JSON.")
    var binary = false

    @Option(help: ArgumentHelp("How long to measure: 10s, 500ms, 2m.", valueName: "time"))
    var duration = TimeSpan(.seconds(10))

    @Option(help: ArgumentHelp("How long to load before measuring.", valueName: "time"))
    var warmUp = TimeSpan(.seconds(1))

    @Option(help: ArgumentHelp("The shape of an input with open extents; may be repeated.", valueName: "name:1,16"))
    var shape: [String] = []

    @Flag(help: "Send zeros instead of random values.")
    var zeros = false

    @Option(help: "Seed of the random values and arrivals.")
    var seed: UInt64 = 1

    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard concurrency == nil || rate == nil else {
            throw ValidationError("--concurrency and --rate are two different loads: give one")
        }
    }

    func run() async throws {
        var shapes: [String: Shape] = [:]
        for text in shape {
            let (name, shape) = try SampleInputs.parseShape(text)
            shapes[name] = shape
        }
        let sample = SampleInputs(shapes: shapes, content: zeros ? .zero : .random, seed: seed)
        let load: BenchPlan.Load =
            rate.map { .open(rate: $0, seed: seed) } ?? .closed(concurrency: concurrency ?? 1)
        let plan = BenchPlan(load: load, duration: duration.duration, warmUp: warmUp.duration)
        let report = try await LoadGenerator(
            target: try await destination(), inputs: .sample(sample), isBinary: binary, plan: plan
        ).run()
        print(global.output == .json ? try report.json() : report.table())
    }

    /// A URL says where to go; an endpoint's name is looked for on a live replica.
    private func destination() async throws -> BenchTarget {
        if target.hasPrefix("http://") || target.hasPrefix("https://") {
            return try BenchTarget(parsing: target, server: try ServerAddress(parsing: "localhost"))
        }
        let server = try await global.withAdmin { try await LiveReplica.inferenceAddress($0) }
        return try BenchTarget(parsing: target, server: server)
    }
}

/// A duration as people write it: `10s`, `500ms`, `2m`.
struct TimeSpan: ExpressibleByArgument, CustomStringConvertible {
    let duration: Duration
    private let text: String

    init(_ duration: Duration) {
        self.duration = duration
        text = "\(duration.components.seconds)s"
    }

    init?(argument: String) {
        let units: [(suffix: String, seconds: Double)] = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600)]
        guard let unit = units.first(where: { argument.hasSuffix($0.suffix) }),
            let value = Double(argument.dropLast(unit.suffix.count)), value >= 0, value * unit.seconds < 1e9
        else { return nil }
        duration = .seconds(value * unit.seconds)
        text = argument
    }

    var description: String { text }
    var defaultValueDescription: String { text }
}
