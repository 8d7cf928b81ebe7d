// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// Other servers under whose metric names ours can be shown too, for dashboards and alerts that exist.
package struct CompatibilityNames: OptionSet, Sendable, Hashable {
    package let rawValue: Int

    package init(rawValue: Int) { self.rawValue = rawValue }

    package static let vllm = CompatibilityNames(rawValue: 1)
    package static let triton = CompatibilityNames(rawValue: 2)
    package static let tensorFlowServing = CompatibilityNames(rawValue: 4)

    package static let all: CompatibilityNames = [.vllm, .triton, .tensorFlowServing]

    /// `vllm`, `triton` or `tensorflow-serving`; `nil` for anything else.
    package init?(name: String) {
        switch name {
        case "vllm": self = .vllm
        case "triton": self = .triton
        case "tensorflow-serving": self = .tensorFlowServing
        default: return nil
        }
    }

    func write(_ scrape: MetricsScrape, to collector: inout MetricCollector) {
        if contains(.vllm) {
            let language = scrape.language
            for name in VLLMNames.all {
                name.write(language, provided: scrape.provided(name.source), to: &collector)
            }
        }
        let others =
            (contains(.triton) ? TritonNames.all : [])
            + (contains(.tensorFlowServing) ? TensorFlowServingNames.all : [])
        for name in others {
            collector.begin(name.shown)
            name.write(scrape, name.shown, &collector)
        }
    }
}

/// One metric under another server's name, and how its values come from ours.
package struct CompatibilityName: Sendable {
    typealias Write = @Sendable (MetricsScrape, MetricDescriptor, inout MetricCollector) -> Void

    package let shown: MetricDescriptor
    /// Our metric that tells the same; its name alone where the value is computed otherwise.
    package let source: MetricDescriptor
    let write: Write

    init(_ shown: MetricDescriptor, _ source: MetricDescriptor, write: @escaping Write) {
        self.shown = shown
        self.source = source
        self.write = write
    }

    /// Names as a Markdown table: what `docs/operations/metrics.md` shows.
    package static func markdownTable(_ names: [CompatibilityName], server: String) -> String {
        let lines = names.map { name in
            let labels = name.shown.labels.map { "`\($0)`" }.joined(separator: ", ")
            return "| `\(name.shown.name)` | \(labels) | `\(name.source.name)` |"
        }
        return (["| \(server) | Labels | Slipway |", "|---|---|---|"] + lines).joined(separator: "\n") + "\n"
    }
}
