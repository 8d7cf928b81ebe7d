// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// What the files for Prometheus, Kubernetes and Grafana depend on.
package struct MonitoringOptions: Sendable {
    /// Signals of monitors that a dashboard shows together.
    package struct SignalGroup: Sendable, Hashable {
        package var title: String
        /// Values of the label `signal`.
        package var signals: [String]

        package init(title: String, signals: [String]) {
            self.title = title
            self.signals = signals
        }
    }

    /// The catalogue: every metric of a query must be in it.
    package var metrics: [MetricDescriptor]
    /// The name of the job in Prometheus.
    package var job = "slipway"
    /// `HOST:PORT` of the inference ports.
    package var targets = ["localhost:8080"]
    package var scrapeSeconds = 15
    /// `HOST:PORT` of Alertmanagers; empty for none.
    package var alertmanagers: [String] = []
    /// Prometheus as Grafana reaches it.
    package var prometheusURL = "http://localhost:9090"
    /// Where ServiceMonitor and PrometheusRule go; `nil` for the namespace they are applied to.
    package var namespace: String?
    /// Labels of the Kubernetes service that is scraped.
    package var serviceLabels = ["app.kubernetes.io/name": "slipway"]
    /// The name of the service's port.
    package var servicePort = "http"
    /// Share of requests that must not fail by the server's fault, above 0 and below 1.
    package var objective = 0.999
    /// 99 % of answers should come within so many seconds.
    package var latencySeconds = 1.0
    /// 95 % of first tokens should come within so many seconds.
    package var firstTokenSeconds = 5.0
    /// Whether Prometheus stores native histograms of these metrics, and classic ones no longer.
    package var usesNativeHistograms = false
    package var qualitySignals = MonitoringOptions.usualQualitySignals
    package var driftSignals = MonitoringOptions.usualDriftSignals

    package init(metrics: [MetricDescriptor]) { self.metrics = metrics }

    package static let usualQualitySignals = [
        SignalGroup(title: "Classification", signals: ["accuracy", "precision", "recall", "f1"]),
        SignalGroup(title: "Ranking of scores", signals: ["roc_auc", "average_precision"]),
        SignalGroup(title: "Probabilities", signals: ["log_loss", "brier", "calibration_error"]),
        SignalGroup(title: "Regression errors", signals: ["mae", "rmse"]),
        SignalGroup(title: "Relative errors", signals: ["mape", "r2"]),
        SignalGroup(
            title: "Estimated without labels", signals: ["estimated_accuracy", "estimated_f1", "estimated_roc_auc"]),
        SignalGroup(title: "Share of predictions with labels", signals: ["label_coverage"]),
        SignalGroup(title: "Business numbers", signals: ["kpi"]),
    ]

    package static let usualDriftSignals = [
        SignalGroup(title: "Population stability index", signals: ["psi"]),
        SignalGroup(title: "Kolmogorov-Smirnov", signals: ["ks"]),
        SignalGroup(title: "Jensen-Shannon and Hellinger", signals: ["jensen_shannon", "hellinger"]),
        SignalGroup(title: "Wasserstein", signals: ["wasserstein"]),
        SignalGroup(title: "Chi-square", signals: ["chi_square"]),
        SignalGroup(title: "Total variation and L-infinity", signals: ["total_variation", "l_infinity"]),
        SignalGroup(title: "All features together", signals: ["reconstruction_error"]),
        SignalGroup(title: "Missing and out of range", signals: ["missing_rate", "out_of_range_rate"]),
        SignalGroup(title: "New categories and wrong types", signals: ["new_category_rate", "type_error_rate"]),
        SignalGroup(title: "Duplicates and constants", signals: ["duplicate_rate", "constant_feature"]),
        SignalGroup(title: "Distinct values", signals: ["distinct_values"]),
        SignalGroup(title: "Outliers", signals: ["outlier_rate", "nan_rate", "saturated_rate"]),
        SignalGroup(title: "Changes detected in streams", signals: ["change"]),
        SignalGroup(title: "Prediction noise", signals: ["prediction_noise"]),
    ]
}
