// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SlipwayCore
import SlipwayMonitoring

/// Feeds a recorded stream to the monitors at its recorded times, and prints every change of an alert.
///
/// The profile is made of the reference, with labels where it has some. Every step of the stream's time the rules are
/// held against a report. A line of output is one change: time, rule, signal, subject, state, value.
enum MonitorReplay {
    static let version = VersionID(model: "recorded", number: 1)

    static let usage = "usage: MonitoringBenchmark replay REFERENCE.csv STREAM.csv SPEC.json SECONDS"

    static func run(_ arguments: [String]) throws {
        guard arguments.count == 4, let seconds = Double(arguments[3]), seconds > 0 else {
            throw ReplayError(message: usage)
        }
        let spec = try JSONDecoder().decode(
            MonitoringSpec.self, from: try Data(contentsOf: URL(filePath: arguments[2])))
        let stream = try Recording(path: arguments[1])
        guard let times = stream.values("time"), let first = times.first ?? nil else {
            throw ReplayError(message: "the stream has no times")
        }
        var replay = try Replay(
            spec: spec, profile: try profile(of: Recording(path: arguments[0])),
            start: Timestamp(milliseconds: Int64(first)), step: Int64(seconds * 1000))
        try replay.run(stream, times: times)
    }

    private static func profile(of reference: Recording) throws -> ReferenceProfile {
        var builder = ProfileBuilder()
        let scores = reference.values("score")
        let labels = reference.values("label")
        for start in stride(from: 0, to: reference.rows.count, by: 1000) {
            let range = start..<min(start + 1000, reference.rows.count)
            try builder.add(
                inputs: try reference.inputs(range), outputs: try reference.outputs(range, scores: scores),
                rows: range.count,
                labels: labels.map { .classes($0[range].map { String(Int($0 ?? 0)) }) })
        }
        return try builder.finish(at: Timestamp(milliseconds: 0))
    }
}

/// The monitors of one endpoint, in the stream's time.
struct Replay {
    private let book = MonitorBook(replica: "replay")
    private let join: LabelJoin
    private var rules = RuleBook(longestStep: .seconds(86_400))
    private var next: Timestamp
    private let step: Int64
    /// Labels by the time at which they come, soonest last.
    private var labels: [(at: Int64, feedback: Feedback)] = []

    init(spec: MonitoringSpec, profile: ReferenceProfile, start: Timestamp, step: Int64) throws {
        book.configure(
            endpoint: "recorded", spec: spec, versions: [MonitorReplay.version],
            profiles: [MonitorReplay.version: profile])
        join = try LabelJoin(
            endpoint: "recorded", spec: spec, profile: profile, journal: MemoryLabelJournal(), now: start)
        rules.follow(["recorded": spec])
        next = Timestamp(milliseconds: start.milliseconds + step)
        self.step = step
    }

    mutating func run(_ stream: Recording, times: [Double?]) throws {
        let scores = stream.values("score")
        if let truths = stream.values("label"), let known = stream.values("label_time") {
            labels = truths.indices.compactMap { index in
                guard let truth = truths[index], let at = known[index] else { return nil }
                return (Int64(at), Feedback(requestID: "r\(index)", label: .number(truth)))
            }
            labels.sort { $0.at > $1.at }
        }
        for index in stream.rows.indices {
            guard let time = times[index] else { continue }
            let at = Timestamp(milliseconds: Int64(time))
            while next <= at { report() }
            let prediction = PredictionObservation(
                requestID: "r\(index)", endpoint: "recorded", version: MonitorReplay.version, route: .primary, at: at,
                inputs: try stream.inputs(index..<(index + 1)),
                outputs: try stream.outputs(index..<(index + 1), scores: scores), parameters: [:], rows: 1,
                total: .milliseconds(1))
            PredictionBatch([prediction]).withPredictions {
                book.add($0, of: prediction.endpoint)
                join.expect($0)
            }
        }
        report()
    }

    private mutating func report() {
        while let label = labels.last, label.at <= next.milliseconds {
            _ = join.join([label.feedback], at: Timestamp(milliseconds: label.at))
            labels.removeLast()
        }
        var report = book.report(at: next)
        report.readings.merge(join.readings(at: next)) { first, _ in first }
        let outcome = rules.evaluate(report, routes: ["recorded": [MonitorReplay.version: .primary]], silences: [])
        for alert in outcome.changed where alert.state == .firing || alert.firedAt != nil {
            print(
                next.milliseconds, alert.rule, alert.key.kind.rawValue, alert.key.subject ?? "-", alert.state.rawValue,
                alert.reading.value, separator: "\t")
        }
        next = Timestamp(milliseconds: next.milliseconds + step)
    }
}
