// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayMonitoring
import Testing

@Suite struct ExpositionFormatTests {
    private static let protobuf =
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"

    @Test(
        "the format that is wished for most is taken",
        arguments: [
            (nil, .text), ("", .text), ("*/*", .text), ("image/png", .text), ("text/plain;version=0.0.4", .text),
            ("application/openmetrics-text;version=1.0.0", .openMetrics),
            ("application/openmetrics-text; version=1.0.0; charset=utf-8", .openMetrics),
            ("application/openmetrics-text;version=0.0.1", .text),
            ("\(protobuf)", .protobuf), ("\(protobuf);q=0", .text),
            ("application/vnd.google.protobuf;encoding=text", .text),
            ("\(protobuf);q=0.6,application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.2", .protobuf),
            ("text/plain;version=0.0.4;q=0.5,application/openmetrics-text;version=1.0.0;q=0.6", .openMetrics),
            ("text/plain;q=x,,;;,application/openmetrics-text", .openMetrics),
        ] as [(String?, ExpositionFormat)])
    func negotiation(accept: String?, format: ExpositionFormat) {
        #expect(ExpositionFormat.negotiate(accept: accept) == format)
    }

    @Test("an endless header is looked at in part only")
    func endless() {
        let accept = String(repeating: "image/png,", count: 1000) + "application/openmetrics-text"
        #expect(ExpositionFormat.negotiate(accept: accept) == .text)
    }

    @Test("the content type tells the format")
    func contentType() {
        let registry = MetricsRegistry()
        #expect(registry.exposition(accept: nil).contentType == "text/plain; version=0.0.4; charset=utf-8")
        #expect(registry.exposition(accept: nil).body == Array(registry.exposition().utf8))
        #expect(registry.exposition(accept: Self.protobuf).contentType.hasPrefix("application/vnd.google.protobuf"))
    }
}
