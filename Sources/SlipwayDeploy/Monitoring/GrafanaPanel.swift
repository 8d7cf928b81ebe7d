// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// One panel of a dashboard.
struct GrafanaPanel {
    enum Kind: String { case timeSeries = "timeseries", stat, table }

    struct Query {
        let expression: String
        /// As Grafana writes it: `{{endpoint}} p99`.
        let legend: String
    }

    var title: String
    var help: String
    /// Grafana's name of the unit.
    var unit: String
    var queries: [Query]
    var kind = Kind.timeSeries
    /// Of 24 columns.
    var width = 12

    static let height = 8
    static let datasource = DocumentNode.object(("type", "prometheus"), ("uid", "${datasource}"))

    /// - Parameters:
    ///   - id: Unique within the dashboard.
    ///   - x: Column of its left edge.
    ///   - y: Row of its upper edge.
    func node(id: Int, x: Int, y: Int) -> DocumentNode {
        .object(
            ("id", .integer(id)), ("type", .text(kind.rawValue)), ("title", .text(title)),
            ("description", .text(help)), ("datasource", Self.datasource),
            ("gridPos", Self.position(x: x, y: y, width: width, height: Self.height)),
            ("fieldConfig", fieldConfiguration), ("options", settings),
            ("targets", .list(queries.enumerated().map { target($0.element, $0.offset) })))
    }

    static func position(x: Int, y: Int, width: Int, height: Int) -> DocumentNode {
        .object(("h", .integer(height)), ("w", .integer(width)), ("x", .integer(x)), ("y", .integer(y)))
    }

    private func target(_ query: Query, _ index: Int) -> DocumentNode {
        // A, B, C ...
        let name = Unicode.Scalar(UInt8(65 + index % 26)).description
        return .object(
            ("refId", .text(name)), ("datasource", Self.datasource), ("expr", .text(query.expression)),
            ("legendFormat", .text(query.legend)), ("range", .bool(kind == .timeSeries)),
            ("instant", .bool(kind != .timeSeries)),
            ("format", kind == .table ? "table" : "time_series"))
    }

    private var fieldConfiguration: DocumentNode {
        let custom: DocumentNode? =
            kind == .timeSeries
            ? .object(("drawStyle", "line"), ("lineWidth", 1), ("fillOpacity", 8), ("showPoints", "never")) : nil
        return .object(
            ("defaults", .object(("unit", .text(unit)), ("custom", custom))), ("overrides", []))
    }

    private var settings: DocumentNode {
        switch kind {
        case .timeSeries:
            .object(
                (
                    "legend",
                    .object(
                        ("displayMode", "list"), ("placement", "bottom"), ("showLegend", true), ("calcs", []))
                ),
                ("tooltip", .object(("mode", "multi"), ("sort", "desc"))))
        case .stat:
            .object(
                ("reduceOptions", .object(("calcs", ["lastNotNull"]), ("fields", ""), ("values", false))),
                ("colorMode", "value"), ("graphMode", "area"))
        case .table: .object(("showHeader", true))
        }
    }

    /// Grafana's name for a unit of the catalogue, of a rate where it is a counter's.
    static func unit(of metric: MetricDescriptor) -> String {
        switch (metric.unit, metric.kind) {
        case ("seconds", .counter): "percentunit"
        case ("seconds", _): "s"
        case ("bytes", .counter): "Bps"
        case ("bytes", _): "bytes"
        case ("requests", .counter): "reqps"
        case (_, .counter): "cps"
        default: "short"
        }
    }
}
