// SPDX-License-Identifier: Apache-2.0

import SlipwayNumerics
import Testing

@Suite("Quality of predicted numbers")
struct RegressionTests {
    private struct Regression: Decodable {
        var truth, predicted: [Double]
        var mae, rmse, mape, r2: Double
    }

    private struct File: Decodable { var regression: Regression }

    @Test("equals scikit-learn, from parts merged")
    func golden() throws {
        let data = try Golden.load(File.self, "quality").regression
        var parts = [RegressionSums(), RegressionSums()]
        for (index, truth) in data.truth.enumerated() {
            parts[index % 2].add(truth: truth, predicted: data.predicted[index])
        }
        parts[0].merge(parts[1])
        // Sums of 120 terms in another order.
        #expect(near(parts[0].mae, data.mae, 1e-13))
        #expect(near(parts[0].rmse, data.rmse, 1e-13))
        // A truth of 0 makes it about 1e13, as it does in scikit-learn.
        #expect(near(parts[0].mape, data.mape, 1e-13))
        #expect(near(parts[0].r2, data.r2, 1e-12))
        #expect(try recoded(parts[0]) == parts[0])
    }

    @Test("has scikit-learn's values where the truth does not vary")
    func constantTruth() {
        var sums = RegressionSums()
        #expect(sums.mae == nil && sums.r2 == nil)
        sums.add(truth: 2, predicted: 2)
        #expect(sums.r2 == nil)
        sums.add(truth: 2, predicted: 2)
        #expect(sums.r2 == 1)
        sums.add(truth: 2, predicted: 3)
        #expect(sums.r2 == 0)
        #expect(near(sums.bias, 1.0 / 3, 1e-15))
    }

    @Test("leaves out rows that are not finite", arguments: [Double.nan, .infinity, -.infinity])
    func notFinite(x: Double) {
        var sums = RegressionSums()
        #expect(sums.add(truth: x, predicted: 1) == false)
        #expect(sums.add(truth: 1, predicted: x) == false)
        #expect(sums.add(truth: -.greatestFiniteMagnitude, predicted: .greatestFiniteMagnitude) == false)
        #expect(sums.count == 0)
    }
}
