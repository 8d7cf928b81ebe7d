// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayMonitoring
import SlipwayNumerics
import Testing

@Suite("Records of the label journal as bytes")
struct JournalCodecTests {
    static let records: [JournalRecord] = {
        let version = VersionID(model: "fraud", number: 3)
        var shadow = PredictionRecord(
            requestID: "ä", version: version, at: .second(1), rows: 2,
            answers: .scores([0.25, 0.75, 1, 0], classes: 2),
            segments: ["DE", "FR"])
        shadow.isShadow = true
        var join = JoinRecord(requestID: "a", version: version, at: .second(9), predictedAt: .second(1))
        join.foundAt = .second(5)
        join.source = "chargebacks"
        join.classes = ["no", "yes"]
        join.kpis = ["revenue": 12.5, "clicks": -1]
        join.outcomes = [
            .init(
                segment: "DE",
                value: .classified(predicted: "yes", actual: "no", confidence: 0.75, scores: [0.25, 0.75])),
            .init(segment: nil, value: .measured(predicted: 1.5, actual: -2)),
        ]
        return [
            .prediction(shadow), .feedback(join), .clockStep(at: .second(4), by: 3_600_000),
            .prediction(
                PredictionRecord(
                    requestID: "b", version: version, at: .second(2), rows: 9, answers: .names(["x"], confidences: [1]))
            ),
            .prediction(
                PredictionRecord(
                    requestID: "c", version: version, at: .second(3), rows: 1, answers: .numbers([.infinity]))),
        ]
    }()

    private func decoded(_ bytes: [UInt8]) -> JournalRecord? { bytes.withUnsafeBytes { JournalCodec.decode($0) } }

    @Test("come back as they were", arguments: records)
    func roundTrip(_ record: JournalRecord) {
        #expect(decoded(JournalCodec.encode(record)) == record)
    }

    @Test("are refused when they are cut or longer than they say", arguments: records)
    func cut(_ record: JournalRecord) {
        let bytes = JournalCodec.encode(record)
        for length in 0..<bytes.count { #expect(decoded(Array(bytes[..<length])) == nil) }
        #expect(decoded(bytes + [0]) == nil)
    }

    @Test("never trap, whatever the bytes are", arguments: records)
    func damaged(_ record: JournalRecord) {
        var random = SplitMix64(seed: 7)
        for _ in 0..<2000 {
            var bytes = JournalCodec.encode(record)
            for _ in 0..<(1 + random.below(4)) { bytes[random.below(bytes.count)] = UInt8(random.below(256)) }
            // What is read of it can be used and written again.
            guard let record = decoded(bytes) else { continue }
            var state = LabelState(limits: LabelLimits(MonitoringSpec()))
            state.apply(record)
            // Kept values may be NaN, which equals nothing: bytes are compared.
            #expect(JournalCodec.encode(record) == decoded(JournalCodec.encode(record)).map(JournalCodec.encode))
        }
    }

    @Test("are the same in a draft, which is used again")
    func draft() {
        var draft = JournalDraft()
        for _ in 0..<3 {
            for record in Self.records { draft.add(record) }
            #expect(draft.records == Self.records)
            #expect(draft.items.map(\.kind) == Self.records.map(\.kind))
            #expect(draft.items.map(\.at) == Self.records.map(\.at))
            #expect(draft.items.map(\.back) == [0, 0, 3_600_000, 0, 0])
            let bytes = draft.items.map { item in draft.withBytes(of: item) { Array($0) } }
            #expect(bytes == Self.records.map(JournalCodec.encode))
            #expect(draft.byteCount == bytes.reduce(0) { $0 + $1.count })
            draft.removeAll()
            #expect(draft.isEmpty && draft.records.isEmpty)
        }
    }
}
