// SPDX-License-Identifier: Apache-2.0

/// Everything that monitors measure and rules may ask for.
package enum SignalKind: String, Sendable, Hashable, Codable, CaseIterable {
    // Drift of inputs and outputs against the reference profile; the subject is a feature or output.
    case psi, ks, wasserstein, hellinger
    case jensenShannon = "jensen_shannon"
    case chiSquare = "chi_square"
    case totalVariation = "total_variation"
    case lInfinity = "l_infinity"
    /// Of all features together, by principal components.
    case reconstructionError = "reconstruction_error"
    // Quality of data; the subject is a feature.
    case missingRate = "missing_rate"
    case outOfRangeRate = "out_of_range_rate"
    case newCategoryRate = "new_category_rate"
    case typeErrorRate = "type_error_rate"
    case duplicateRate = "duplicate_rate"
    /// 1 where a feature that varied in the reference has one value now.
    case constantFeature = "constant_feature"
    case distinctValues = "distinct_values"
    // Quality with labels; the subject is a segment, or nothing for all.
    case accuracy, precision, recall, f1, brier, mae, rmse, mape, r2
    case rocAUC = "roc_auc"
    case averagePrecision = "average_precision"
    case logLoss = "log_loss"
    case calibrationError = "calibration_error"
    case labelCoverage = "label_coverage"
    /// Mean of a business number; the subject is its name.
    case kpi
    // Quality without labels, by confidence (CBPE).
    case estimatedAccuracy = "estimated_accuracy"
    case estimatedF1 = "estimated_f1"
    case estimatedROCAUC = "estimated_roc_auc"
    // Anomalies.
    case outlierRate = "outlier_rate"
    case notANumberRate = "nan_rate"
    case saturatedRate = "saturated_rate"
    /// 1 for a while after a change was detected in a stream; the subject is `STREAM/DETECTOR`.
    case change
    case predictionNoise = "prediction_noise"
    // The service.
    case errorRate = "error_rate"
    case latencyP50 = "latency_p50_seconds"
    case latencyP99 = "latency_p99_seconds"
    case burnRate = "burn_rate"
    case requestRate = "request_rate"
    // The house itself; of the whole replica.
    case captureDropRate = "capture_drop_rate"
    case captureStopped = "capture_stopped"
    case monitorDropRate = "monitor_drop_rate"
}
