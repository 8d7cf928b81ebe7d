// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayMonitoring
import SlipwayNumerics
import Testing

@Suite("Readings of quality")
struct QualityMetricsTests {
    /// Twelve scores with their golden expectations (monitoring reference, section 2.5).
    private let golden: [Float] = [0.97, 0.9, 0.8, 0.7, 0.6, 0.45, 0.3, 0.2, 0.1, 0.05, 0.04, 0.02]

    @Test("estimate accuracy, F1 and ROC-AUC from confidence, and say what they cannot see")
    func estimates() throws {
        let join = try LabelJoin.fresh()
        join.expect(try .scored("a", golden))
        let accuracy = try #require(join.reading(.estimatedAccuracy))
        // The scores are single precision: about 1e-7 each.
        #expect(abs(accuracy.value - 0.8175) < 1e-6)
        #expect(accuracy.samples == 12)
        #expect(accuracy.method.contains("cannot see concept drift"))
        #expect(accuracy.method.contains("not calibrated"))
        #expect(abs((join.reading(.estimatedF1)?.value ?? 0) - 0.7838104640) < 1e-6)
        #expect(abs((join.reading(.estimatedROCAUC)?.value ?? 0) - 0.8942615717) < 1e-6)
    }

    @Test("estimate with calibrated scores where the profile has curves")
    func calibrated() throws {
        var profile = ReferenceProfile(createdAt: .second(0), rows: 100, features: [], outputs: [])
        profile.task = .classification
        profile.classes = ["no", "yes"]
        profile.calibration = [try #require(IsotonicCurve(scores: [0, 1], values: [0.25, 0.75]))]
        profile.performance = ["accuracy": 0.9]
        let join = try LabelJoin.fresh(profile: profile)
        join.expect(try .scored("a", [1, 0]))
        let accuracy = try #require(join.reading(.estimatedAccuracy))
        #expect(accuracy.value == 0.75)
        #expect(accuracy.reference == 0.9)
        #expect(!accuracy.method.contains("not calibrated"))
        #expect(
            join.join([.label("a", .list([.text("yes"), .text("maybe")]))], at: .second(1)).first?.name == "invalid")
        #expect(join.join([.label("a", .list([.text("yes"), .bool(false)]))], at: .second(1)).first?.name == "invalid")
        #expect(join.join([.label("a", .list([.text("yes"), .text("no")]))], at: .second(1)) == [.joined])
        #expect(join.reading(.precision)?.method.contains("of class yes") == true)
    }

    @Test("give every metric of two classes with the values of whole samples")
    func binary() throws {
        let join = try LabelJoin.fresh()
        let labels = golden.enumerated().map { $0.offset % 3 != 2 && $0.offset < 8 }
        join.expect(try .scored("a", golden))
        #expect(join.join([.label("a", .list(labels.map { .number($0 ? 1 : 0) }))], at: .second(1)) == [.joined])
        let scores = golden.map { Double($0) }
        let expected: [(SignalKind, Double?)] = [
            (.rocAUC, ClassificationMetrics.rocAUC(scores: scores, labels: labels)),
            (.averagePrecision, ClassificationMetrics.averagePrecision(scores: scores, labels: labels)),
            (.logLoss, ClassificationMetrics.logLoss(probabilities: scores, labels: labels)),
            (.brier, ClassificationMetrics.brier(probabilities: scores, labels: labels)),
            (.calibrationError, ClassificationMetrics.expectedCalibrationError(probabilities: scores, labels: labels)),
        ]
        for (kind, value) in expected {
            let reading = try #require(join.reading(kind), "\(kind)")
            // Complements are formed in single precision.
            #expect(abs(reading.value - (value ?? .nan)) < 1e-6, "\(kind)")
        }
        #expect(join.reading(.accuracy)?.margin ?? 0 > 0)
        #expect(join.reading(.f1)?.margin ?? 0 > 0)
        #expect(join.reading(.rocAUC)?.margin ?? 0 > 0)
    }

    @Test("average several classes, and keep the confusion matrix and all averages in the summary")
    func several() throws {
        let join = try LabelJoin.fresh()
        let rows: [[Float]] = [[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6], [0.5, 0.3, 0.2]]
        let table = try Tensor(rows.flatMap { $0 }, shape: [4, 3])
        join.expect(.sample("a", outputs: ["p": table], rows: 4))
        let labels: [FeedbackValue] = [.number(0), .number(1), .number(2), .number(1)]
        #expect(join.join([.label("a", .list(labels))], at: .second(1)) == [.joined])
        #expect(join.reading(.accuracy)?.value == 0.75)
        #expect(join.reading(.precision)?.method.contains("macro") == true)
        let summary = try #require(join.summaries(at: .second(1)).first)
        #expect(summary.all.confusion == [[1, 0, 0], [1, 1, 0], [0, 0, 1]])
        #expect(summary.all.averages["micro"]?.f1 == 0.75)
        // Supports 1, 2, 1 with recalls 1, 0.5, 1.
        #expect(summary.all.averages["weighted"]?.recall == 0.75)
        #expect(summary.all.byClass["1"]?.support == 2)
    }

    @Test("bear any number of class names, one of which is that of the rest")
    func manyClasses() throws {
        let join = try LabelJoin.fresh()
        // 98 names, that of all others as a name of its own, and more than are told apart.
        let names = (0..<98).map { "c\($0)" } + ["other", "late", "later"]
        for (index, name) in names.enumerated() {
            join.expect(.sample("r\(index)", outputs: ["class": try Tensor([name], shape: [1])]))
            #expect(join.join([.label("r\(index)", .text(name))], at: .second(1)) == [.joined])
        }
        #expect(join.reading(.accuracy)?.samples == names.count)
        // The class called so and the rest are one.
        #expect(join.summaries(at: .second(1)).first?.all.confusion.count == 99)
    }
}
