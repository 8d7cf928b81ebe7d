// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// The metrics of monitors, alerts, guards, capture, feedback and deliveries.
extension MetricCatalogue {
    package static let monitorSignal = metric(
        "monitor_signal", .gauge, "none", ["endpoint", "version", "signal", "subject"],
        "The latest reading of every monitor: drift, data quality, quality, anomalies, service levels. The subject is "
            + "a feature, an output, a segment, a business number, or empty; at most 4,096 are shown.")
    package static let monitorSamples = metric(
        "monitor_samples", .gauge, "rows", ["endpoint", "version", "signal"],
        "Rows, requests or labels that a signal's latest readings were computed of: the most of its subjects.")
    package static let monitorSignalsLeftOut = metric(
        "monitor_signals_left_out", .gauge, "signals", [], "Readings beyond the limit, which are not shown.")
    package static let monitorObservations = metric(
        "monitor_observations_total", .counter, "requests", ["outcome"],
        "Successful requests for monitors to look at: offered, taken, dropped because the queue was full.")
    package static let alertsFiring = metric(
        "alerts_firing", .gauge, "alerts", ["endpoint", "rule", "severity"], "Alerts that fire now.")
    package static let alertChanges = metric(
        "alert_changes_total", .counter, "alerts", ["endpoint", "severity", "state"],
        "Alerts that became pending, firing or resolved.")
    package static let guardDecisions = metric(
        "guard_decisions_total", .counter, "decisions", ["endpoint", "action", "outcome"],
        "Decisions of guards: acted, dryRun, coolingDown, nothingToDo, failed.")
    package static let guardDelay = metric(
        "guard_delay_seconds", .gauge, "seconds", ["endpoint"],
        "Of the latest action: from the first reading that held to the change of desired state.")
    package static let captureRequests = metric(
        "capture_requests_total", .counter, "requests", ["endpoint", "outcome"],
        "Requests sampled for the capture log: offered, kept, or the reason why one was dropped. Kept and dropped "
            + "together are the offered ones, but for those that are still in the queue.")
    package static let captureBytes = metric(
        "capture_bytes", .gauge, "bytes", ["endpoint"], "Bytes of the capture log on disk.")
    package static let feedback = metric(
        "feedback_total", .counter, "labels", ["endpoint", "outcome"],
        "Labels and business numbers that came, by what became of them: joined, unknown, duplicate, late, invalid.")
    package static let feedbackWaiting = metric(
        "feedback_waiting", .gauge, "predictions", ["endpoint"], "Predictions that wait for their label.")
    package static let deliveries = metric(
        "deliveries_total", .counter, "notices", ["receiver", "outcome"],
        "Notices to receivers: delivered, retried, failed for good, dropped because the queue was full.")
    package static let deliveryQueue = metric(
        "delivery_queue", .gauge, "notices", [], "Notices that wait to be delivered.")
    package static let telemetryExports = metric(
        "telemetry_exports_total", .counter, "batches", ["exporter", "outcome"],
        "Pushes to collectors by exporter: otlp-metrics, otlp-traces, otlp-logs, statsd; sent or failed.")
    package static let telemetryItems = metric(
        "telemetry_items_total", .counter, "items", ["kind", "outcome"],
        "Traces and log records for collectors: offered, taken, dropped because the queue was full.")

    /// In the order of the exposition.
    package static let monitoring = [
        monitorSignal, monitorSamples, monitorSignalsLeftOut, monitorObservations, alertsFiring, alertChanges,
        guardDecisions, guardDelay, captureRequests, captureBytes, feedback, feedbackWaiting, deliveries,
        deliveryQueue, telemetryExports, telemetryItems,
    ]

    private static func metric(
        _ name: String, _ kind: MetricDescriptor.Kind, _ unit: String, _ labels: [String], _ help: String
    ) -> MetricDescriptor {
        MetricDescriptor(name: "slipway_" + name, kind: kind, unit: unit, labels: labels, help: help)
    }
}
