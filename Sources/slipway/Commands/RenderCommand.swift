// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SlipwayDeploy
import SlipwayMonitoring

struct RenderCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "render", abstract: "Writes files for other programs.", subcommands: [Monitoring.self])

    struct Monitoring: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Writes what Prometheus, Kubernetes and Grafana need to watch Slipway.",
            discussion: """
                Scrape configuration, recording and alerting rules, a ServiceMonitor and a PrometheusRule, a \
                datasource and dashboards, all made from the catalogue of metrics. Files of these names are replaced.
                """)

        @Option(help: ArgumentHelp("The folder; it is made where there is none.", valueName: "dir"))
        var out = "monitoring"

        @Option(
            name: .customLong("target"),
            help: ArgumentHelp("An inference port to scrape; may be repeated.", valueName: "host:port"))
        var targets: [String] = []

        @Option(
            name: .customLong("alertmanager"),
            help: ArgumentHelp("Where alerts of Prometheus go; may be repeated.", valueName: "host:port"))
        var alertmanagers: [String] = []

        @Option(help: "The job's name in Prometheus.")
        var job = "slipway"

        @Option(help: ArgumentHelp("How often to scrape.", valueName: "time"))
        var scrapeInterval = TimeSpan(.seconds(15))

        @Option(help: ArgumentHelp("Prometheus as Grafana reaches it.", valueName: "url"))
        var prometheusURL = "http://localhost:9090"

        @Option(help: "The namespace of the Kubernetes objects; that of the apply by default.")
        var namespace: String?

        @Option(help: "The share of requests that must not fail by the server's fault.")
        var objective = 0.999

        @Option(help: ArgumentHelp("99 % of answers should come within this time.", valueName: "time"))
        var latency = TimeSpan(.seconds(1))

        @Flag(help: "For a Prometheus that stores native histograms, and classic ones no longer.")
        var nativeHistograms = false

        @OptionGroup var global: GlobalOptions

        func run() async throws {
            var options = MonitoringOptions(metrics: MetricCatalogue.all)
            options.job = job
            if !targets.isEmpty { options.targets = targets }
            options.alertmanagers = alertmanagers
            let (seconds, fraction) = scrapeInterval.duration.components
            guard fraction == 0 else { throw ValidationFailure("--scrape-interval takes whole seconds, such as 15s") }
            options.scrapeSeconds = Int(seconds)
            options.prometheusURL = prometheusURL
            options.namespace = namespace
            options.objective = objective
            let (whole, atto) = latency.duration.components
            options.latencySeconds = Double(whole) + Double(atto) / 1e18
            options.usesNativeHistograms = nativeHistograms
            let paths = try MonitoringFiles.render(options).map { file in
                let parts = file.path.split(separator: "/").map(String.init)
                let folder = ([out] + parts.dropLast()).joined(separator: "/")
                try OutputFolder.make(folder)
                let output = try OutputFile(folder: folder, name: parts.last ?? file.path, mode: 0o644)
                try output.write(Array(file.text.utf8))
                return try output.finish()
            }
            if global.output == .json { return try Console.json(paths) }
            for path in paths { print(path) }
        }
    }
}
