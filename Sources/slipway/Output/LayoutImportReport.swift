// SPDX-License-Identifier: Apache-2.0

import SlipwayControl
import SlipwayCore
import SlipwayWire

/// What `slipway import` tells of folders with several models or versions.
enum LayoutImportReport {
    /// The table of versions, and what was deployed.
    static func print(_ report: LayoutReport, _ admin: any AdminService) async throws {
        var table = TextTable("model", "folder", "version", "digest", "what")
        for model in report.models {
            for version in model.versions {
                table.add(
                    model.name, "\(version.folder)", version.version.map { "\(model.name):\($0)" } ?? "-",
                    version.digest.map { "\($0)" } ?? "-", what(version, model))
            }
            if model.versions.isEmpty { table.add(model.name, "-", "-", "-", "not imported") }
        }
        Swift.print(table.text)
        let endpoints = report.models.compactMap(\.endpoint)
        for endpoint in endpoints {
            let routes = endpoint.revision.spec?.routeText ?? "nothing"
            Swift.print("\(endpoint.name) -> \(routes) (revision \(endpoint.revision.number))")
        }
        if !endpoints.isEmpty, try await !admin.replicas().contains(where: \.isAlive) {
            Console.note("no replica is up: slipway serve starts one")
        }
    }

    private static func what(_ version: LayoutReport.Version, _ model: LayoutReport.Model) -> String {
        guard version.error == nil else { return "not imported" }
        var words = [version.isNew ? "new" : "already there"]
        if version.isServed { words.append("to be served") }
        let labels = model.labels.filter { $0.value == version.version }.map(\.key).sorted()
        words += ((version.alias.map { [$0] } ?? []) + labels).map { "alias \($0)" }
        return words.joined(separator: ", ")
    }

    /// Notes and errors, on standard error.
    static func tell(_ report: LayoutReport) {
        for model in report.models {
            for setting in model.settings { Console.note("\(model.name): \(setting)") }
            for note in model.notes { Console.warning("\(model.name): \(note)") }
            for error in model.errors { Console.error("\(model.name): \(error)") }
        }
    }
}
