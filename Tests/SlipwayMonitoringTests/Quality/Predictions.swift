// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayMonitoring

extension Timestamp {
    /// So many seconds after a round hour.
    static func second(_ seconds: Double) -> Timestamp {
        Timestamp(milliseconds: 1_800_000_000_000 + Int64(seconds * 1000))
    }
}

extension PredictionObservation {
    /// A request whose facts are those a test cares about; one row where nothing else is said.
    static func sample(
        _ id: String?, outputs: NamedTensors, rows: Int = 1, at: Timestamp = .second(0), version: Int = 1,
        route: RouteKind = .primary
    ) -> PredictionObservation {
        PredictionObservation(
            requestID: id, endpoint: "fraud", version: VersionID(model: "fraud", number: version), route: route,
            at: at, inputs: [:], outputs: outputs, parameters: [:], rows: rows, total: .milliseconds(1))
    }

    /// The same request with a parameter.
    func with(_ name: String, _ value: ParameterValue) -> PredictionObservation {
        PredictionObservation(
            requestID: requestID, endpoint: endpoint, version: version, route: route, at: at, inputs: inputs,
            outputs: outputs, parameters: [name: value], rows: rows, total: total)
    }

    /// A classifier of two classes that gave the second these scores, one for each row.
    static func scored(
        _ id: String, _ scores: [Float], at: Timestamp = .second(0), version: Int = 1, route: RouteKind = .primary
    ) throws -> PredictionObservation {
        let table = try Tensor(scores.flatMap { [1 - $0, $0] }, shape: Shape([scores.count, 2]))
        return .sample(
            id, outputs: ["probabilities": table], rows: scores.count, at: at, version: version, route: route)
    }

    /// A model that predicted numbers.
    static func measured(_ id: String, _ values: [Double], at: Timestamp = .second(0)) throws -> PredictionObservation {
        .sample(
            id, outputs: ["y": try Tensor(values, shape: Shape([values.count, 1]))], rows: values.count, at: at)
    }
}

extension LabelJoin {
    func expect(_ prediction: PredictionObservation) { expect([prediction]) }

    /// Keeps predictions together.
    func expect(_ predictions: [PredictionObservation]) { PredictionBatch(predictions).withPredictions { expect($0) } }

    /// A join of the endpoint `fraud`.
    static func fresh(
        _ journal: any LabelJournal = MemoryLabelJournal(maximumCount: 100_000), profile: ReferenceProfile? = nil,
        now: Timestamp = .second(0), change: (inout MonitoringSpec) -> Void = { _ in }
    ) throws -> LabelJoin {
        var spec = MonitoringSpec()
        change(&spec)
        return try LabelJoin(endpoint: "fraud", spec: spec, profile: profile, journal: journal, now: now)
    }

    /// The reading of a kind, of version 1.
    func reading(
        _ kind: SignalKind, of subject: String? = nil, version: Int = 1, at: Timestamp = .second(1)
    ) -> SignalReading? {
        let key = SignalKey(
            endpoint: "fraud", version: VersionID(model: "fraud", number: version), kind: kind, subject: subject)
        return readings(at: at)[key]
    }
}

extension Feedback {
    static func label(_ id: String, _ value: FeedbackValue) -> Feedback { Feedback(requestID: id, label: value) }
}
