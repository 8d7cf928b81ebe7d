// SPDX-License-Identifier: Apache-2.0

import Foundation
import SlipwayCore
import SlipwayMonitoring
import SlipwayNumerics
import Testing

@Suite struct ProfileBuilderTests {
    private let now = Timestamp(milliseconds: 5)

    @Test("a numeric feature has its range, moments, missing values and quantile edges")
    func numeric() throws {
        let values = (0..<1000).map { Double($0) } + [.nan, .nan]
        let profile = try Rows.profile(values)
        let feature = try #require(profile.features.first)
        #expect(feature.name == "input")
        #expect(feature.count == 1000)
        #expect(feature.missing == 2)
        #expect(feature.minimum == 0)
        #expect(feature.maximum == 999)
        // Rounding of a thousand steps of the recurrence.
        #expect(abs((feature.mean ?? 0) - 499.5) < 1e-9)
        #expect(feature.distinct == 1000)
        let counts = try #require(feature.counts)
        #expect(counts.edges.count == 257)
        #expect(counts.total == 1000)
    }

    @Test("columns have the names of the table, or their place")
    func names() throws {
        var options = ProfileBuilder.Options()
        options.names = ["input": ["age", "income"]]
        var builder = ProfileBuilder(options: options)
        try builder.add(inputs: ["input": try Tensor([1, 2, 3] as [Float], shape: [1, 3])])
        #expect(try builder.finish(at: now).features.map(\.name) == ["age", "income", "input[2]"])
    }

    @Test("short texts that come again are categories, others are text with lengths and character classes")
    func texts() throws {
        var builder = ProfileBuilder()
        let colours = (0..<300).map { ["red", "green", ""][$0 % 3] }
        let prose = (0..<300).map { "note \($0): " + String(repeating: "ab ", count: $0 % 50) }
        try builder.add(inputs: [
            "colour": try Tensor(colours, shape: [300]), "note": try Tensor(prose, shape: [300, 1]),
        ])
        let profile = try builder.finish(at: now)
        let colour = profile.features[0]
        #expect(colour.kind == .categorical)
        #expect(colour.categories == ["red": 100, "green": 100])
        #expect(colour.missing == 100)
        let note = profile.features[1]
        #expect(note.kind == .text)
        #expect(note.counts?.total == 300)
        // Shares of all characters add up to 1 but for rounding.
        #expect(abs((note.characterClasses ?? []).reduce(0, +) - 1) < 1e-12)
        // HyperLogLog of 4,096 registers: 1.6 %, three times that.
        #expect(abs(note.distinct - 300) <= 15)
    }

    @Test("a tensor wider than 256 columns is summarised")
    func embedding() throws {
        var builder = ProfileBuilder()
        let values = [Float](repeating: 2, count: 400)
        try builder.add(inputs: ["embedding": try Tensor(values, shape: [1, 400])])
        let profile = try builder.finish(at: now)
        #expect(
            profile.features.map(\.name) == [
                "embedding.norm", "embedding.mean", "embedding.deviation", "embedding.length",
            ])
        #expect(profile.features.map { $0.mean } == [40, 2, 0, 400])
    }

    @Test("labels give classes, balance, calibration and quality")
    func classes() throws {
        var builder = ProfileBuilder()
        // 80 of 100 right; the score of class 1 is 0.9 or 0.2.
        let scores = (0..<100).map { $0 % 2 == 0 ? 0.9 : 0.2 }
        let labels = (0..<100).map { index in
            index % 10 < 8 ? (index % 2 == 0 ? "yes" : "no") : (index % 2 == 0 ? "no" : "yes")
        }
        try builder.add(
            inputs: ["x": try Tensor(scores, shape: [100, 1])],
            outputs: ["p": try Tensor(scores.flatMap { [1 - $0, $0] }, shape: [100, 2])], labels: .classes(labels))
        let profile = try builder.finish(at: now)
        #expect(profile.task == .classification)
        #expect(profile.classes == ["no", "yes"])
        #expect(profile.classCounts == [50, 50])
        let accuracy = try #require(profile.performance["accuracy"])
        // Sums of a hundred numbers, in double.
        #expect(abs(accuracy - 0.8) < 1e-12)
        let curve = try #require(profile.calibration?.last)
        #expect(abs((curve.apply(0.9) ?? 0) - 0.8) < 1e-12)
        #expect(abs((curve.apply(0.2) ?? 0) - 0.2) < 1e-12)
    }

    @Test("numeric labels of one number give errors")
    func regression() throws {
        var builder = ProfileBuilder()
        try builder.add(
            inputs: ["x": try Tensor([1, 2, 3] as [Double], shape: [3, 1])],
            outputs: ["y": try Tensor([1, 2, 5] as [Double], shape: [3, 1])], labels: .numbers([1, 2, 3]))
        let profile = try builder.finish(at: now)
        #expect(profile.task == .regression)
        #expect(abs((profile.performance["mae"] ?? 0) - 2.0 / 3) < 1e-12)
    }

    @Test("an output of whole numbers is classes")
    func wholeNumbers() throws {
        var builder = ProfileBuilder()
        try builder.add(
            inputs: ["x": try Tensor([1, 2, 3, 4] as [Double], shape: [4, 1])],
            outputs: ["label": try Tensor([0, 2, 2, 1] as [Int64], shape: [4])])
        let profile = try builder.finish(at: now)
        #expect(profile.outputs[0].categories == ["0": 1, "1": 1, "2": 2])
        #expect(profile.classCounts == [1, 1, 2])
    }

    @Test("numeric features have components and a distance whose threshold one row in a thousand exceeds")
    func outliers() throws {
        let profile = try Rows.profile(Rows.normal(12_000, seed: 3), columns: 3)
        let model = try #require(profile.outliers)
        #expect(model.columns.count == 3)
        #expect(!model.isOutlier([0, 0, 0]))
        #expect(model.isOutlier([9, -9, 9]))
        #expect(model.referenceRate <= OutlierModel.expectedRate)
        #expect(profile.reconstruction?.count == 4000)
    }

    @Test("a profile is the same after JSON")
    func json() throws {
        let profile = try Rows.profile(Rows.normal(3000, seed: 1), columns: 2)
        let read = try JSONDecoder().decode(ReferenceProfile.self, from: JSONEncoder().encode(profile))
        #expect(read == profile)
    }

    @Test("rows of another type or width, labels of another number, and no rows are refused")
    func refused() throws {
        var builder = ProfileBuilder()
        #expect(throws: MonitoringError.self) { try builder.finish(at: now) }
        let first: NamedTensors = ["x": try Tensor([1, 2] as [Float], shape: [1, 2])]
        try builder.add(inputs: first)
        let others: [NamedTensors] = [
            ["x": try Tensor([1] as [Float], shape: [1, 1])], ["x": try Tensor([1, 2] as [Double], shape: [1, 2])],
            ["y": try Tensor([1, 2] as [Float], shape: [1, 2])],
        ]
        for tensors in others {
            let error = #expect(throws: MonitoringError.self) { try builder.add(inputs: tensors) }
            #expect(error?.code == .layoutMismatch)
        }
        let error = #expect(throws: MonitoringError.self) {
            try builder.add(inputs: first, labels: .classes(["a", "b"]))
        }
        #expect(error?.code == .invalidLabels)
        #expect(builder.rows == 1)
    }

    @Test("a score between 0 and 1 with labels 0 and 1 is a classifier's")
    func sigmoid() throws {
        var builder = ProfileBuilder()
        try builder.add(
            inputs: ["x": try Tensor([1, 2, 3, 4] as [Double], shape: [4, 1])],
            outputs: ["y": try Tensor([0.1, 0.8, 0.9, 0.6] as [Double], shape: [4, 1])],
            labels: .numbers([0, 1, 1, 0]))
        let profile = try builder.finish(at: now)
        #expect(profile.task == .classification && profile.classes == ["0", "1"])
        #expect(profile.performance["accuracy"] == 0.75)
    }
}
