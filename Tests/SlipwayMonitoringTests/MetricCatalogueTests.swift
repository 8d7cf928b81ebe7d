// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayMonitoring
import Testing

@Suite struct MetricCatalogueTests {
    @Test("names are unique and follow Prometheus' rules")
    func names() {
        #expect(Set(MetricCatalogue.all.map(\.name)).count == MetricCatalogue.all.count)
        for metric in MetricCatalogue.all {
            #expect(metric.name.allSatisfy { $0.isASCII && ($0.isLowercase || $0 == "_") }, "\(metric.name)")
            #expect((metric.kind == .counter) == metric.name.hasSuffix("_total"), "\(metric.name)")
            #expect(Set(metric.labels).count == metric.labels.count)
            if metric.unit == "seconds" || metric.unit == "bytes" {
                #expect(metric.name.contains("_" + metric.unit), "\(metric.name)")
            }
        }
    }

    @Test("bounds of buckets ascend")
    func bounds() {
        #expect(zip(MetricCatalogue.durationBounds, MetricCatalogue.durationBounds.dropFirst()).allSatisfy { $0 < $1 })
    }

    @Test("the table has a line for each metric with its labels")
    func table() {
        let lines = MetricCatalogue.markdownTable().split(separator: "\n")
        #expect(lines.count == MetricCatalogue.all.count + 2)
        #expect(
            lines[2]
                == "| `slipway_inference_requests_total` | counter | requests | `endpoint`, `version`, `outcome` | "
                + "Inference requests, copies for shadows included, by outcome: "
                + "success, or the category of the failure. |"
        )
    }
}
