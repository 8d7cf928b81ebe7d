// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayMonitoring
import SlipwayNumerics

/// Rows, predictions and profiles that tests of monitors are made of.
enum Rows {
    static let version = VersionID(model: "fraud", number: 3)

    /// Independent, about normal numbers: the sum of twelve uniform ones, less six.
    static func normal(_ count: Int, mean: Double = 0, seed: UInt64) -> [Double] {
        var random = SplitMix64(seed: seed)
        return (0..<count).map { _ in (0..<12).reduce(mean - 6) { sum, _ in sum + random.unit() } }
    }

    /// A prediction with one input `input` of shape [rows, columns] and one output `score` of shape [rows, 1].
    static func prediction(
        _ values: [Double], columns: Int = 1, scores: [Double]? = nil, at milliseconds: Int64 = 1_000_000,
        id: String? = "r", version: VersionID = Rows.version
    ) throws -> PredictionObservation {
        let rows = values.count / columns
        let scores = scores ?? [Double](repeating: 0.5, count: rows)
        return PredictionObservation(
            requestID: id, endpoint: "fraud", version: version, route: .primary,
            at: Timestamp(milliseconds: milliseconds),
            inputs: ["input": try Tensor(values.map(Float.init), shape: [rows, columns])],
            outputs: ["score": try Tensor(scores, shape: [rows, 1])], parameters: [:], rows: rows,
            total: .milliseconds(1))
    }

    /// The profile of one numeric input and a constant score.
    static func profile(_ values: [Double], columns: Int = 1, scores: [Double]? = nil) throws -> ReferenceProfile {
        var builder = ProfileBuilder()
        let prediction = try prediction(values, columns: columns, scores: scores)
        try builder.add(inputs: prediction.inputs, outputs: prediction.outputs)
        return try builder.finish(at: Timestamp(milliseconds: 0))
    }

    static func book(_ profile: ReferenceProfile?, spec: MonitoringSpec = everyRow, replica: String = "a")
        -> MonitorBook
    {
        let book = MonitorBook(replica: replica)
        book.configure(
            endpoint: "fraud", spec: spec, versions: [version], profiles: profile.map { [version: $0] } ?? [:])
        return book
    }

    /// All rows of a request are looked at.
    static var everyRow: MonitoringSpec {
        var spec = MonitoringSpec()
        spec.sampledRows = 10_000
        return spec
    }
}

extension SignalReport {
    func reading(_ kind: SignalKind, _ subject: String? = nil, version: VersionID? = Rows.version) -> SignalReading? {
        readings[SignalKey(endpoint: "fraud", version: version, kind: kind, subject: subject)]
    }
}

extension MonitorBook {
    func add(_ prediction: PredictionObservation) { add([prediction]) }

    /// Counts predictions together.
    func add(_ predictions: [PredictionObservation]) {
        PredictionBatch(predictions).withGroups { add($0, of: $0[0].endpoint) }
    }
}
