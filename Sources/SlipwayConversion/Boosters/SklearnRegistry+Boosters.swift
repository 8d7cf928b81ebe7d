// SPDX-License-Identifier: Apache-2.0

extension SklearnRegistry {
    /// XGBoost's, LightGBM's and CatBoost's estimators inside pickles.
    static let boosters: [any SklearnEstimator.Type] = [
        XGBoostEstimators.self, LightGBMEstimators.self, CatBoostEstimators.self,
    ]
}
