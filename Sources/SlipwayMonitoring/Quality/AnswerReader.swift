// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Finds in a request and its answer what a label will be held against.
///
/// The task is the specification's, else the profile's, else told from the outputs: texts or whole numbers beside or
/// instead of a table of scores are classes; scores are a table of two or more columns whose rows are shares of 1;
/// one column of numbers is a measured quantity. One column of scores is of the second of two classes.
///
/// A class, because one is asked for every prediction: a copy is a reference.
final class AnswerReader: Sendable {
    /// Most classes whose scores are kept; of more, only the best one's name and score.
    static let maximumClasses = 32

    let spec: MonitoringSpec
    let profile: ReferenceProfile?
    // What every prediction asks for, taken out of the two above: to copy those would cost more than the rest.
    private let task: PredictionTask?
    private let scoreOutput: String?
    private let segment: String?
    private let known: [String]

    init(spec: MonitoringSpec, profile: ReferenceProfile?) {
        self.spec = spec
        self.profile = profile
        task = spec.task ?? profile.flatMap { $0.task == .other ? nil : $0.task }
        scoreOutput = spec.scoreOutput
        segment = spec.segment
        known = profile?.classes ?? []
    }

    /// The classes in the order of `count` scores: the profile's, else `0`, `1` ...
    func classes(count: Int) -> [String] {
        if known.count == count { return known }
        return (0..<count).map { String($0) }
    }

    /// `nil` without an id, or where nothing in the answer is a prediction.
    func record(_ prediction: PackedPrediction) -> PredictionRecord? {
        guard let bytes = prediction.requestIDBytes, !bytes.isEmpty, bytes.count <= Feedback.maximumTextBytes
        else { return nil }
        let rows = max(prediction.rows, 1)
        let kept = min(rows, PredictionRecord.maximumRows)
        guard let answers = answers(prediction, rows: rows, kept: kept) else { return nil }
        var record = PredictionRecord(
            requestID: String(decoding: bytes, as: UTF8.self), version: prediction.version, at: prediction.at,
            rows: rows, answers: answers, segments: segments(prediction, rows: rows, kept: kept))
        record.isShadow = prediction.route == .shadow
        return record
    }

    // MARK: Answers

    private func answers(_ prediction: PackedPrediction, rows: Int, kept: Int) -> PredictionRecord.Answers? {
        let tables = prediction.outputs.compactMap { TensorColumn($0, of: prediction, rows: rows) }
        if let name = scoreOutput {
            guard let table = tables.first(where: { prediction.name(of: $0.tensor) == name }) else { return nil }
            if spec.task == .regression { return numbers(table, kept: kept) }
            return scores(table, kept: kept, isExplicit: true) ?? names(table, kept: kept)
                ?? numbers(table, kept: kept)
        }
        switch task {
        case .regression:
            return measured(tables, kept: kept)
        case .classification:
            return classified(tables, kept: kept, isExplicit: true)
        case .other:
            return nil
        case nil:
            return classified(tables, kept: kept, isExplicit: false)
                ?? measured(tables, kept: kept)
        }
    }

    private func classified(
        _ tables: [TensorColumn], kept: Int, isExplicit: Bool
    ) -> PredictionRecord.Answers? {
        let named = tables.first { !$0.isFloating && $0.columns == 1 }.flatMap { names($0, kept: kept) }
        for table in tables {
            guard let found = scores(table, kept: kept, isExplicit: isExplicit && named == nil) else { continue }
            guard case .names(let names, _)? = named else { return found }
            return reconciled(found, names: names)
        }
        return named
    }

    /// Scores where their order of classes is known and agrees with the classes named; else the names, with how sure.
    private func reconciled(
        _ answers: PredictionRecord.Answers, names: [String]
    ) -> PredictionRecord.Answers {
        let bests: [Float]
        switch answers {
        case .scores(let values, let count):
            // Classes that nobody named and that the labels contradict would be the wrong ones.
            let classes = classes(count: count)
            if names.allSatisfy(classes.contains) { return answers }
            bests = (0..<(values.count / count)).map { Self.best(values[($0 * count)..<(($0 + 1) * count)]).score }
        case .names(_, let confidences): bests = confidences
        case .numbers: return answers
        }
        return .names(names, confidences: bests.count == names.count ? bests : [])
    }

    static func best(_ row: ArraySlice<Float>) -> (index: Int, score: Float) {
        var best = (index: 0, score: -Float.infinity)
        for (index, score) in row.enumerated() where score > best.score { best = (index, score) }
        return best
    }

    /// A floating-point table whose rows are shares of 1.
    private func scores(_ table: TensorColumn, kept: Int, isExplicit: Bool) -> PredictionRecord.Answers? {
        guard table.isFloating, table.columns > 1 || isExplicit else { return nil }
        let columns = table.columns
        guard columns <= Self.maximumClasses else { return bestOf(table, kept: kept) }
        var values: [Float] = []
        values.reserveCapacity(kept * max(columns, 2))
        for row in 0..<kept {
            var sum = 0.0
            if columns == 1 { values.append(0) }
            for column in 0..<columns {
                let value = table.number(row * columns + column)
                guard value >= -1e-6, value <= 1 + 1e-6 else { return nil }
                sum += value
                values.append(Float(min(max(value, 0), 1)))
            }
            if columns == 1 {
                values[values.count - 2] = 1 - values[values.count - 1]
            } else if abs(sum - 1) > Self.sumTolerance {
                return nil
            }
        }
        return .scores(values, classes: max(columns, 2))
    }

    /// Half-precision scores of 32 classes, each off by up to 2^-11 of itself, miss 1 by less than this.
    private static let sumTolerance = 0.01

    private func bestOf(_ table: TensorColumn, kept: Int) -> PredictionRecord.Answers? {
        var names: [String] = []
        var confidences: [Float] = []
        let isNamed = known.count == table.columns
        for row in 0..<kept {
            var best = (column: 0, value: -Double.infinity)
            for column in 0..<table.columns {
                let value = table.number(row * table.columns + column)
                guard value >= -1e-6, value <= 1 + 1e-6 else { return nil }
                if value > best.value { best = (column, value) }
            }
            names.append(isNamed ? known[best.column] : String(best.column))
            confidences.append(Float(best.value))
        }
        return .names(names, confidences: confidences)
    }

    private func names(_ table: TensorColumn, kept: Int) -> PredictionRecord.Answers? {
        guard table.columns == 1, !table.isFloating || spec.task == .classification else { return nil }
        return .names(table.names(column: 0, count: kept), confidences: [])
    }

    private func measured(_ tables: [TensorColumn], kept: Int) -> PredictionRecord.Answers? {
        for table in tables {
            if let found = numbers(table, kept: kept) { return found }
        }
        return nil
    }

    private func numbers(_ table: TensorColumn, kept: Int) -> PredictionRecord.Answers? {
        guard table.columns == 1, table.tensor.elementType != .bytes else { return nil }
        return .numbers((0..<kept).map { table.number($0) })
    }

    // MARK: Segments

    private func segments(_ prediction: PackedPrediction, rows: Int, kept: Int) -> [String] {
        guard let name = segment else { return [] }
        if name.hasPrefix("parameter:") {
            switch prediction.parameters[String(name.dropFirst("parameter:".count))] {
            case .bool(let value): return [value ? "true" : "false"]
            case .int(let value): return [String(value)]
            case .double(let value): return [ClassName.of(value)]
            case .string(let value):
                return [String(decoding: value.utf8.prefix(PredictionRecord.maximumNameBytes), as: UTF8.self)]
            case nil: return ["none"]
            }
        }
        // An input's own name, or that of a column of one that the profile names.
        let feature = profile?.features.first { $0.name == name }
        let own = prediction.input(name)
        guard let tensor = own ?? feature.flatMap({ prediction.input($0.tensor) }),
            let table = TensorColumn(tensor, of: prediction, rows: rows)
        else { return ["none"] }
        let names = table.names(column: own == nil ? feature?.column ?? 0 : 0, count: kept)
        return names.count == kept ? names : ["none"]
    }
}
