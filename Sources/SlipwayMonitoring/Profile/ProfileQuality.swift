// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayNumerics

/// Finds out what a profile's outputs are, and how good they were on labelled rows.
struct ProfileQuality {
    /// Shares that add up to 1 within this are scores: a float32 sum of 256 of them is off by less than 1e-5.
    private static let tolerance = 1e-3

    private let builder: ProfileBuilder
    private let sample: RowSample
    private let outputs: [ProfileSource]
    private let score: ProfileSource?
    private let named: ProfileSource?

    init(_ builder: ProfileBuilder) {
        self.builder = builder
        sample = builder.sample
        outputs = builder.sources.filter { $0.isOutput && $0.form != .summary }
        let floating = outputs.filter {
            $0.form == .numbers && !TensorNumbers.isInteger($0.elementType) && $0.kept == $0.columns
        }
        if let name = builder.options.scoreOutput {
            score = floating.first { $0.tensor == name }
        } else {
            let sample = builder.sample
            score = floating.first { Self.isShares($0, sample) } ?? floating.first { $0.columns == 1 }
        }
        named = outputs.first { $0.columns == 1 && ($0.form == .text || TensorNumbers.isInteger($0.elementType)) }
    }

    /// Sets task, classes, balance, and where there are labels calibration and performance.
    func fill(_ profile: inout ReferenceProfile) {
        profile.task = task
        switch profile.task {
        case .classification: fillClasses(&profile)
        case .regression: fillRegression(&profile)
        case .other: break
        }
    }

    private var hasLabels: Bool { builder.hasNumericLabels || !builder.labelIndex.isEmpty }

    private var task: PredictionTask {
        if let task = builder.options.task { return task }
        if let score, score.columns > 1, Self.isShares(score, sample) { return .classification }
        if named != nil { return .classification }
        guard let score, score.columns == 1 else { return .other }
        if !builder.labelIndex.isEmpty { return builder.labelIndex.count <= 2 ? .classification : .other }
        guard hasLabels else { return .other }
        return isFlagged(by: score) ? .classification : .regression
    }

    /// Whether labels are 0 and 1 and the scores between them: a sigmoid, and no regression.
    private func isFlagged(by score: ProfileSource) -> Bool {
        let mark = sample.width - 1
        var seen: Set<Double> = []
        for index in 0..<sample.count {
            let row = sample.row(index)
            let (label, value) = (row[row.startIndex + mark], row[row.startIndex + score.first])
            guard label == label else { continue }
            guard label == 0 || label == 1, !(value < 0), !(value > 1) else { return false }
            seen.insert(label)
        }
        return !seen.isEmpty
    }

    /// Whether the rows of a table are shares of 1.
    private static func isShares(_ source: ProfileSource, _ sample: RowSample) -> Bool {
        guard source.columns > 1, sample.count > 0 else { return false }
        return (0..<min(sample.count, 200)).allSatisfy { index in
            let row = sample.row(index)
            let shares = (0..<source.columns).map { row[row.startIndex + source.first + $0] }
            return shares.allSatisfy { (-tolerance...1 + tolerance).contains($0) }
                && abs(shares.reduce(0, +) - 1) <= tolerance
        }
    }

    // MARK: Classes

    /// Names of the classes in the order of the scores.
    private func classes(_ profile: ReferenceProfile, count: Int?) -> [String] {
        let output = named.flatMap { named in profile.outputs.first { $0.tensor == named.tensor } }
        let answered = output?.categories.map { Array($0.keys) } ?? []
        let labelled = Array(builder.labelIndex.keys)
        let union = Self.sorted(Set(answered).union(labelled))
        guard let count else { return union }
        if union.count == count { return union }
        let numbers = (0..<count).map(String.init)
        // A class that did not come up in the data leaves a gap among numbers, and no way to tell among names.
        return numbers
    }

    /// As scikit-learn sorts them: numbers by value, else by text.
    private static func sorted(_ names: Set<String>) -> [String] {
        let numbers = names.compactMap { Double($0) }
        guard numbers.count == names.count else { return names.sorted() }
        return names.sorted { (Double($0) ?? 0, $0) < (Double($1) ?? 0, $1) }
    }

    private func fillClasses(_ profile: inout ReferenceProfile) {
        let width = score.map { max(2, $0.columns) }
        profile.classes = classes(profile, count: width)
        let places = Dictionary(uniqueKeysWithValues: profile.classes.enumerated().map { ($1, $0) })
        var truths: [Int] = []
        var rows: [[Double]] = []
        var balance = [Int](repeating: 0, count: profile.classes.count)
        let labels = labelPlaces(places)
        let hasLabels = hasLabels
        for index in 0..<sample.count {
            let scores: [Double]? = score.map { self.scores(of: $0, row: index) }
            if let label = labels(index) {
                balance[label] += 1
                if let scores, scores.allSatisfy(\.isFinite) {
                    truths.append(label)
                    rows.append(scores)
                }
            } else if !hasLabels, let scores, let best = Self.best(scores), best < balance.count {
                balance[best] += 1
            }
        }
        if !hasLabels, score == nil, let named, let output = profile.outputs.first(where: { $0.tensor == named.tensor })
        {
            balance = profile.classes.map { output.categories?[$0] ?? 0 }
        }
        profile.classCounts = balance
        guard !rows.isEmpty else { return }
        fillPerformance(&profile, rows, truths)
    }

    /// Reads the label of a sampled row as the place of its class; `nil` where it has none.
    private func labelPlaces(_ places: [String: Int]) -> (Int) -> Int? {
        let mark = sample.width - 1
        var byIndex = [Int?](repeating: nil, count: builder.labelIndex.count)
        for (name, index) in builder.labelIndex { byIndex[index] = places[name] }
        let labels = byIndex
        return { row in
            let values = sample.row(row)
            let value = values[values.startIndex + mark]
            guard value == value else { return nil }
            if builder.hasNumericLabels { return places[ColumnProfile.className(value)] }
            guard let index = Int(exactly: value), labels.indices.contains(index) else { return nil }
            return labels[index]
        }
    }

    /// One score for each class; a single column is the second of two classes.
    private func scores(of source: ProfileSource, row: Int) -> [Double] {
        let values = sample.row(row)
        let scores = (0..<source.columns).map { values[values.startIndex + source.first + $0] }
        return scores.count == 1 ? [1 - scores[0], scores[0]] : scores
    }

    private static func best(_ scores: [Double]) -> Int? { scores.indices.max { scores[$0] < scores[$1] } }

    private func fillPerformance(_ profile: inout ReferenceProfile, _ rows: [[Double]], _ truths: [Int]) {
        let count = profile.classes.count
        var matrix = ConfusionMatrix(classes: count)
        for (row, truth) in zip(rows, truths) { matrix.add(truth: truth, predicted: Self.best(row) ?? 0) }
        let average: ConfusionMatrix.Average = count == 2 ? .binary(positive: 1) : .macro
        put(&profile, .accuracy, matrix.accuracy)
        put(&profile, .precision, matrix.precision(average))
        put(&profile, .recall, matrix.recall(average))
        put(&profile, .f1, matrix.f1(average))
        put(&profile, .logLoss, ClassificationMetrics.logLoss(probabilities: rows, labels: truths))
        if count == 2 {
            let scores = rows.map { $0[1] }
            let positives = truths.map { $0 == 1 }
            put(&profile, .rocAUC, ClassificationMetrics.rocAUC(scores: scores, labels: positives))
            put(&profile, .averagePrecision, ClassificationMetrics.averagePrecision(scores: scores, labels: positives))
            put(&profile, .brier, ClassificationMetrics.brier(probabilities: scores, labels: positives))
            put(
                &profile, .calibrationError,
                ClassificationMetrics.expectedCalibrationError(probabilities: scores, labels: positives))
        } else {
            put(&profile, .rocAUC, ClassificationMetrics.rocAUC(probabilities: rows, labels: truths))
        }
        let curves = (0..<count).compactMap { index in
            IsotonicCurve.fit(scores: rows.map { $0[index] }, outcomes: truths.map { $0 == index ? 1 : 0 })
        }
        if curves.count == count { profile.calibration = curves }
    }

    // MARK: Numbers

    private func fillRegression(_ profile: inout ReferenceProfile) {
        guard builder.hasNumericLabels, let score else { return }
        var sums = RegressionSums()
        let mark = sample.width - 1
        for index in 0..<sample.count {
            let row = sample.row(index)
            sums.add(truth: row[row.startIndex + mark], predicted: row[row.startIndex + score.first])
        }
        guard sums.count > 0 else { return }
        put(&profile, .mae, sums.mae)
        put(&profile, .rmse, sums.rmse)
        put(&profile, .mape, sums.mape)
        put(&profile, .r2, sums.r2)
    }

    private func put(_ profile: inout ReferenceProfile, _ kind: SignalKind, _ value: Double?) {
        if let value, value.isFinite { profile.performance[kind.rawValue] = value }
    }
}
