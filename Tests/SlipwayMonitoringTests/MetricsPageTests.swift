// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SlipwayMonitoring
import Testing

@Suite struct MetricsPageTests {
    @Test("docs/operations/metrics.md has the tables as they are made from the catalogue")
    func page() throws {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let file = tests.deletingLastPathComponent().appending(path: "docs/operations/metrics.md")
        let page = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        let tables = [
            MetricCatalogue.markdownTable(), VLLMNames.markdownTable(),
            CompatibilityName.markdownTable(TritonNames.all, server: "Triton"),
            CompatibilityName.markdownTable(TensorFlowServingNames.all, server: "TensorFlow Serving"),
        ]
        for table in tables {
            for line in table.split(separator: "\n") { #expect(page.contains(line + "\n"), "\(line)") }
        }
    }
}
