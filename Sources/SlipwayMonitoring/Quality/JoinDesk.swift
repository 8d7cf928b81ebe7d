// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Judges the feedback of one call against what is known, and collects what is to be written. Changes nothing itself.
struct JoinDesk {
    let at: Timestamp
    private(set) var records: [JoinRecord] = []
    /// What this call has given already, by id and version.
    private var labelled: Set<Claim> = []
    private var counted: Set<KPIClaim> = []

    private struct Claim: Hashable {
        let id: String
        let version: VersionID
    }

    private struct KPIClaim: Hashable {
        let claim: Claim
        let name: String
    }

    init(at: Timestamp) { self.at = at }

    mutating func judge(
        _ feedback: Feedback, state: LabelState, reader: (VersionID) -> AnswerReader
    ) -> FeedbackResult {
        if let problem = Self.problem(of: feedback) { return .invalid(problem) }
        guard let entry = state.entry(feedback.requestID) else { return .unknown }
        if at.milliseconds - entry.at > state.limits.labelWindow { return .late }
        var found: [JoinRecord] = []
        var problem: String?
        for part in entry.parts {
            let claim = Claim(id: feedback.requestID, version: part.version)
            var record = JoinRecord(
                requestID: feedback.requestID, version: part.version, at: at,
                predictedAt: Timestamp(milliseconds: part.at))
            record.foundAt = feedback.at
            record.source = feedback.source
            if let label = feedback.label, case .waiting(let prediction) = part.state, !labelled.contains(claim) {
                record.classes = Self.classes(of: prediction, reader: reader(part.version))
                switch LabelMatch.match(label, to: prediction, classes: record.classes) {
                case .rows(let rows): record.outcomes = rows
                case .invalid(let text): problem = problem ?? text
                }
            }
            if !part.isShadow {
                record.kpis = feedback.kpis.filter { name, _ in
                    !part.kpis.contains(name) && !counted.contains(KPIClaim(claim: claim, name: name))
                }
            }
            if !record.outcomes.isEmpty || !record.kpis.isEmpty { found.append(record) }
        }
        // A label that fits one version of several counts there: a shadow may have other classes.
        if let problem, !found.contains(where: { !$0.outcomes.isEmpty }) { return .invalid(problem) }
        guard !found.isEmpty else { return .duplicate }
        for record in found { claim(record) }
        records += found
        return .joined
    }

    private mutating func claim(_ record: JoinRecord) {
        let claim = Claim(id: record.requestID, version: record.version)
        if !record.outcomes.isEmpty { labelled.insert(claim) }
        for name in record.kpis.keys { counted.insert(KPIClaim(claim: claim, name: name)) }
    }

    private static func classes(of prediction: PredictionRecord, reader: AnswerReader) -> [String] {
        switch prediction.answers {
        case .scores(_, let count): reader.classes(count: count)
        case .names: reader.profile?.classes ?? []
        case .numbers: []
        }
    }

    /// What is wrong with feedback whatever it is for.
    private static func problem(of feedback: Feedback) -> String? {
        if feedback.requestID.isEmpty || feedback.requestID.utf8.count > Feedback.maximumTextBytes {
            return "the request id has 1 to \(Feedback.maximumTextBytes) bytes: send the answer's x-request-id"
        }
        if feedback.label == nil, feedback.kpis.isEmpty { return "there is nothing in it: send a label or a KPI" }
        if (feedback.source?.utf8.count ?? 0) > Feedback.maximumTextBytes {
            return "its source has more than \(Feedback.maximumTextBytes) bytes"
        }
        if feedback.kpis.count > Feedback.maximumKPIs {
            return "it has \(feedback.kpis.count) KPIs, at most \(Feedback.maximumKPIs) are kept of a request"
        }
        for (name, value) in feedback.kpis {
            if name.isEmpty || name.utf8.count > PredictionRecord.maximumNameBytes {
                return "a KPI's name has 1 to \(PredictionRecord.maximumNameBytes) bytes"
            }
            if !value.isFinite { return "a KPI is NaN or infinite: send a finite number" }
        }
        return nil
    }
}
