// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
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
        let (server, reference) = try await destination()
        var number: Int?
        if case .version(let version) = reference.selector { number = version }
        let metadata = try await InferenceClient(server: server).metadata(of: reference.name, version: number)
        var shapes: [String: Shape] = [:]
        for text in shape {
            let (name, shape) = try SampleInputs.parseShape(text)
            shapes[name] = shape
        }
        var samples = SampleInputs(shapes: shapes, content: zeros ? .zero : .random, seed: seed)
        let body = try V2RequestBody(inputs: try samples.tensors(for: metadata), isBinary: binary)
        let request = BenchRequest(
            server: server, path: InferenceClient.path(of: reference.name, version: number), body: body)
        let load: BenchPlan.Load =
            rate.map { .open(rate: $0, seed: seed) } ?? .closed(concurrency: concurrency ?? 1)
        let plan = BenchPlan(load: load, duration: duration.duration, warmUp: warmUp.duration)
        let report = try await LoadGenerator(server: server, request: request, plan: plan).run()
        print(global.output == .json ? try report.json() : report.table())
    }

    /// Where to send requests, from a URL or from what live replicas report.
    private func destination() async throws -> (ServerAddress, ModelReference) {
        guard let cut = target.range(of: "/v2/models/"), target.hasPrefix("http") else {
            let reference = try ModelReference(parsing: target)
            return (try await global.withAdmin { try await LiveReplica.inferenceAddress($0) }, reference)
        }
        let server = try ServerAddress(parsing: String(target[..<cut.lowerBound]))
        let parts = target[cut.upperBound...].split(separator: "/")
        guard let name = parts.first.flatMap({ String($0).removingPercentEncoding }) else {
            throw ValidationFailure("'\(target)' names no model: write http://HOST:PORT/v2/models/NAME")
        }
        let version = parts.count >= 3 && parts[1] == "versions" ? Int(parts[2]) : nil
        return (server, ModelReference(name: name, selector: version.map { .version($0) } ?? .newest))
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
