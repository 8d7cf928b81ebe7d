// SPDX-License-Identifier: Apache-2.0

/// The outcome of a statistical test.
package struct TestResult: Sendable, Hashable, Codable {
    package var statistic: Double
    /// How probable a statistic at least as extreme is when nothing differs.
    package var pValue: Double
    /// 0 for tests that have none.
    package var degreesOfFreedom: Int

    package init(statistic: Double, pValue: Double, degreesOfFreedom: Int = 0) {
        self.statistic = statistic
        self.pValue = pValue
        self.degreesOfFreedom = degreesOfFreedom
    }
}
