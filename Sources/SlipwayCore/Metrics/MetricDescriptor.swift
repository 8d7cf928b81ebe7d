// SPDX-License-Identifier: Apache-2.0

/// What a metric is, apart from its value; the catalogue is in SlipwayMonitoring.
public struct MetricDescriptor: Sendable, Hashable {
    public enum Kind: String, Sendable, Hashable { case counter, gauge, histogram }

    /// The full Prometheus name, unit last: `slipway_inference_duration_seconds`.
    public let name: String
    public let kind: Kind
    public let unit: String
    public let labels: [String]
    public let help: String

    public init(name: String, kind: Kind, unit: String, labels: [String], help: String) {
        self.name = name
        self.kind = kind
        self.unit = unit
        self.labels = labels
        self.help = help
    }
}
