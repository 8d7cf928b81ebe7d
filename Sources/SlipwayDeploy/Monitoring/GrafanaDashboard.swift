// SPDX-License-Identifier: Apache-2.0

/// A dashboard: rows of panels under variables for the data source and the endpoint.
struct GrafanaDashboard {
    struct Row {
        let title: String
        var panels: [GrafanaPanel]
        var isCollapsed = false
    }

    /// Unique in a Grafana, and the file's name.
    let uid: String
    let title: String
    /// The metric whose endpoints can be chosen.
    let endpointsOf: String
    var rows: [Row]

    /// The dashboard as Grafana's JSON model, version 39 of its schema.
    func file() -> RenderedFile {
        RenderedFile(path: "grafana/dashboards/\(uid).json", text: node.json())
    }

    private var node: DocumentNode {
        .object(
            ("uid", .text(uid)), ("title", .text(title)), ("tags", ["slipway"]), ("timezone", "browser"),
            ("schemaVersion", 39), ("version", 1), ("editable", true), ("graphTooltip", 1), ("refresh", "30s"),
            ("time", .object(("from", "now-6h"), ("to", "now"))),
            ("templating", .object(("list", [datasource, endpoint]))),
            ("annotations", .object(("list", []))), ("links", []), ("panels", .list(panels)))
    }

    private var datasource: DocumentNode {
        .object(
            ("name", "datasource"), ("label", "Data source"), ("type", "datasource"), ("query", "prometheus"),
            ("refresh", 1), ("hide", 0), ("includeAll", false), ("multi", false), ("regex", ""),
            ("current", .object()), ("options", []))
    }

    private var endpoint: DocumentNode {
        let query = DocumentNode.text("label_values(\(endpointsOf), endpoint)")
        return .object(
            ("name", "endpoint"), ("label", "Endpoint"), ("type", "query"), ("datasource", GrafanaPanel.datasource),
            ("query", .object(("query", query), ("refId", "endpoints"))), ("refresh", 2),
            ("sort", 1), ("hide", 0), ("includeAll", true), ("multi", true), ("allValue", ".*"), ("regex", ""),
            ("current", .object(("selected", true), ("text", "All"), ("value", "$__all"))), ("options", []))
    }

    /// Rows one below the other, each row's panels from left to right. Those of a collapsed row are inside it.
    private var panels: [DocumentNode] {
        var result: [DocumentNode] = []
        var id = 0
        var y = 0
        for row in rows where !row.panels.isEmpty {
            id += 1
            let rowID = id
            let rowY = y
            y += 1
            var inner: [DocumentNode] = []
            var x = 0
            for panel in row.panels {
                if x + panel.width > 24 {
                    x = 0
                    y += GrafanaPanel.height
                }
                id += 1
                inner.append(panel.node(id: id, x: x, y: y))
                x += panel.width
            }
            y += GrafanaPanel.height
            result.append(
                .object(
                    ("id", .integer(rowID)), ("type", "row"), ("title", .text(row.title)),
                    ("collapsed", .bool(row.isCollapsed)),
                    ("gridPos", GrafanaPanel.position(x: 0, y: rowY, width: 24, height: 1)),
                    ("panels", row.isCollapsed ? .list(inner) : [])))
            if row.isCollapsed { y = rowY + 1 } else { result += inner }
        }
        return result
    }
}
