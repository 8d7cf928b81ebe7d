// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Records of a ``LabelJournal`` as bytes: little-endian, texts after a 16-bit length.
///
/// What a file holds is not trusted: decoding is bounded by the bytes given, and gives `nil` for anything that
/// encoding would not have written.
package enum JournalCodec {
    /// Most bytes of one record: a whole request of the most rows and classes takes less.
    package static let maximumBytes = 8 << 20
    /// Times are within so many milliseconds of 1970, so that differences of two never overflow.
    static let maximumTime: Int64 = 1 << 50

    package static func encode(_ record: JournalRecord) -> [UInt8] {
        var writer = JournalWriter()
        encode(record, into: &writer)
        return writer.bytes
    }

    static func encode(_ record: JournalRecord, into writer: inout JournalWriter) {
        switch record {
        case .prediction(let prediction):
            encode(prediction, into: &writer)
        case .feedback(let join):
            writer.byte(2)
            encode(join, into: &writer)
        case .clockStep(let at, let back):
            writer.byte(3)
            writer.int(at.milliseconds)
            writer.int(back)
        }
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) -> JournalRecord? {
        var reader = JournalReader(bytes)
        let record: JournalRecord?
        switch reader.byte() {
        case 1: record = prediction(&reader).map { .prediction($0) }
        case 2: record = join(&reader).map { .feedback($0) }
        case 3:
            guard let at = time(&reader), let back = reader.int(), (0...2 * maximumTime).contains(back) else {
                return nil
            }
            record = .clockStep(at: at, by: back)
        default: record = nil
        }
        return reader.isAtEnd ? record : nil
    }

    // MARK: Predictions

    /// A prediction begins with its kind and its id: ``key(_:)``.
    static func encode(_ prediction: PredictionRecord, into writer: inout JournalWriter) {
        writer.byte(1)
        writer.text(prediction.requestID)
        encode(prediction.version, into: &writer)
        writer.int(prediction.at.milliseconds)
        writer.count(prediction.rows)
        writer.byte(prediction.isShadow ? 1 : 0)
        switch prediction.answers {
        case .scores(let values, let classes):
            writer.byte(1)
            writer.count(classes)
            writer.floats(values)
        case .names(let names, let confidences):
            writer.byte(2)
            writer.texts(names)
            writer.floats(confidences)
        case .numbers(let values):
            writer.byte(3)
            writer.count(values.count)
            for value in values { writer.double(value) }
        }
        writer.texts(prediction.segments)
    }

    /// The bytes that predictions of this id begin with, and no others.
    static func key(_ requestID: String) -> [UInt8] {
        var writer = JournalWriter()
        writer.byte(1)
        writer.text(requestID)
        return writer.bytes
    }

    /// The key of an encoded prediction.
    static func key(of prediction: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        guard prediction.count >= 3 else { return prediction }
        let length = Int(UInt16(littleEndian: prediction.loadUnaligned(fromByteOffset: 1, as: UInt16.self)))
        return UnsafeRawBufferPointer(rebasing: prediction.prefix(3 + length))
    }

    private static func prediction(_ reader: inout JournalReader) -> PredictionRecord? {
        guard let id = reader.text(), let version = version(&reader), let at = time(&reader),
            let rows = reader.count(), let flags = reader.byte(), let answers = answers(&reader),
            let segments = reader.texts()
        else { return nil }
        var prediction = PredictionRecord(
            requestID: id, version: version, at: at, rows: rows, answers: answers, segments: segments)
        prediction.isShadow = flags == 1
        guard prediction.keptRows <= rows, prediction.keptRows <= PredictionRecord.maximumRows else { return nil }
        return prediction
    }

    private static func answers(_ reader: inout JournalReader) -> PredictionRecord.Answers? {
        switch reader.byte() {
        case 1:
            guard let classes = reader.count(), classes > 1, let values = reader.floats(),
                values.count % classes == 0
            else { return nil }
            return .scores(values, classes: classes)
        case 2:
            guard let names = reader.texts(), let confidences = reader.floats() else { return nil }
            return .names(names, confidences: confidences)
        case 3:
            guard let count = reader.count(), count <= reader.left / 8 else { return nil }
            return .numbers((0..<count).compactMap { _ in reader.double() })
        default:
            return nil
        }
    }

    // MARK: Feedback

    private static func encode(_ join: JoinRecord, into writer: inout JournalWriter) {
        writer.text(join.requestID)
        encode(join.version, into: &writer)
        writer.int(join.at.milliseconds)
        writer.int(join.predictedAt.milliseconds)
        writer.byte(join.foundAt == nil ? 0 : 1)
        writer.int(join.foundAt?.milliseconds ?? 0)
        writer.text(join.source ?? "")
        writer.texts(join.classes)
        writer.count(join.outcomes.count)
        for outcome in join.outcomes {
            writer.byte(outcome.segment == nil ? 0 : 1)
            writer.text(outcome.segment ?? "")
            switch outcome.value {
            case .classified(let predicted, let actual, let confidence, let scores):
                writer.byte(1)
                writer.text(predicted)
                writer.text(actual)
                writer.floats(confidence.map { [$0] } ?? [])
                writer.floats(scores)
            case .measured(let predicted, let actual):
                writer.byte(2)
                writer.double(predicted)
                writer.double(actual)
            }
        }
        // Sorted, so that equal records are equal bytes.
        let kpis = join.kpis.sorted { $0.key < $1.key }
        writer.texts(kpis.map(\.key))
        for (_, value) in kpis { writer.double(value) }
    }

    private static func join(_ reader: inout JournalReader) -> JoinRecord? {
        guard let id = reader.text(), let version = version(&reader), let at = time(&reader),
            let predictedAt = time(&reader), let hasFound = reader.byte(), let found = reader.int(),
            let source = reader.text(), let classes = reader.texts(), let count = reader.count(),
            count <= PredictionRecord.maximumRows
        else { return nil }
        var join = JoinRecord(requestID: id, version: version, at: at, predictedAt: predictedAt)
        join.foundAt = hasFound == 1 ? Timestamp(milliseconds: found) : nil
        join.source = source.isEmpty ? nil : source
        join.classes = classes
        for _ in 0..<count {
            guard let outcome = outcome(&reader) else { return nil }
            join.outcomes.append(outcome)
        }
        guard let names = reader.texts() else { return nil }
        for name in names {
            guard let value = reader.double() else { return nil }
            join.kpis[name] = value
        }
        return join
    }

    private static func outcome(_ reader: inout JournalReader) -> JoinRecord.Outcome? {
        guard let hasSegment = reader.byte(), let segment = reader.text() else { return nil }
        let value: JoinRecord.Outcome.Value
        switch reader.byte() {
        case 1:
            guard let predicted = reader.text(), let actual = reader.text(), let confidence = reader.floats(),
                let scores = reader.floats()
            else { return nil }
            value = .classified(
                predicted: predicted, actual: actual, confidence: confidence.first, scores: scores)
        case 2:
            guard let predicted = reader.double(), let actual = reader.double() else { return nil }
            value = .measured(predicted: predicted, actual: actual)
        default:
            return nil
        }
        return JoinRecord.Outcome(segment: hasSegment == 1 ? segment : nil, value: value)
    }

    // MARK: Parts

    private static func encode(_ version: VersionID, into writer: inout JournalWriter) {
        writer.text(version.model)
        writer.int(Int64(version.number))
    }

    private static func version(_ reader: inout JournalReader) -> VersionID? {
        guard let model = reader.text(), let number = reader.int() else { return nil }
        return VersionID(model: model, number: Int(number))
    }

    private static func time(_ reader: inout JournalReader) -> Timestamp? {
        guard let value = reader.int(), (-maximumTime...maximumTime).contains(value) else { return nil }
        return Timestamp(milliseconds: value)
    }
}
