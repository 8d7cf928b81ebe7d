// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// One metric of ours under the name that vLLM's dashboards and alerts know.
///
/// The label `model_name` is our endpoint; `version` is kept, so that a sum over `model_name` is the endpoint's.
package struct VLLMName: Sendable {
    /// How the values are taken from the source.
    package enum Rule: Sendable, Hashable {
        case same
        /// Only samples with this value of the source's last label, which then goes.
        case only(String)
        /// Successful requests by reason.
        case successes
        /// The share of the cache's cells that is used, 0...1.
        case usedShare
    }

    package let shown: MetricDescriptor
    package let source: MetricDescriptor
    package let rule: Rule

    init(_ name: String, _ source: MetricDescriptor, _ rule: Rule = .same) {
        let last = rule == .successes ? ["finished_reason"] : []
        let kind = rule == .usedShare ? .gauge : source.kind
        shown = MetricDescriptor(
            name: "vllm:" + name, kind: kind, unit: source.unit, labels: ["model_name", "version"] + last,
            help: "As \(source.name).")
        self.source = source
        self.rule = rule
    }

    /// - Parameters:
    ///   - readings: What was counted, by version.
    ///   - provided: The samples of the source where they are read elsewhere.
    func write(_ readings: [LanguageReading], provided: [MetricSample], to writer: inout MetricCollector) {
        writer.begin(shown)
        switch rule {
        case .same:
            for sample in provided { write(sample.labelValues, sample.value, to: &writer) }
            for reading in readings { reading.write(source, as: shown, to: &writer) }
        case .only(let value):
            for sample in provided where sample.labelValues.last == value {
                write(Array(sample.labelValues.dropLast()), sample.value, to: &writer)
            }
        case .successes:
            for reading in readings {
                for (ending, count) in reading.counters.endings.sorted(by: { $0.key.finishReason < $1.key.finishReason }
                )
                where ending.outcome == "success" {
                    write(reading.labels + [ending.finishReason], Double(count), to: &writer)
                }
            }
        case .usedShare:
            let totals = provided.filter { $0.labelValues.last == "total" && $0.value > 0 }
            for total in totals {
                let labels = Array(total.labelValues.dropLast())
                let used = provided.first { $0.labelValues == labels + ["used"] }
                write(labels, (used?.value ?? 0) / total.value, to: &writer)
            }
        }
    }

    private func write(_ labels: [String], _ value: Double, to writer: inout MetricCollector) {
        writer.sample(shown, labels: labels, value: value)
    }
}

/// vLLM's names for what we measure too; the rest of its metrics has no counterpart here.
package enum VLLMNames {
    package static let all = [
        VLLMName("num_requests_running", MetricCatalogue.languageSequences, .only("running")),
        VLLMName("num_requests_waiting", MetricCatalogue.languageSequences, .only("waiting")),
        VLLMName("kv_cache_usage_perc", MetricCatalogue.languageCells, .usedShare),
        VLLMName("num_preemptions_total", MetricCatalogue.languageParks),
        VLLMName("prompt_tokens_total", MetricCatalogue.languagePromptTokens),
        VLLMName("generation_tokens_total", MetricCatalogue.languageOutputTokens),
        VLLMName("prefix_cache_queries_total", MetricCatalogue.languagePromptTokens),
        VLLMName("prefix_cache_hits_total", MetricCatalogue.languageCachedTokens),
        VLLMName("request_success_total", MetricCatalogue.languageRequests, .successes),
        VLLMName("spec_decode_num_draft_tokens_total", MetricCatalogue.languageDraftedTokens),
        VLLMName("spec_decode_num_accepted_tokens_total", MetricCatalogue.languageAcceptedTokens),
        VLLMName("time_to_first_token_seconds", MetricCatalogue.languageFirstToken),
        VLLMName("inter_token_latency_seconds", MetricCatalogue.languageInterToken),
        VLLMName("request_time_per_output_token_seconds", MetricCatalogue.languagePerOutputToken),
        VLLMName("e2e_request_latency_seconds", MetricCatalogue.languageDuration),
        VLLMName("request_queue_time_seconds", MetricCatalogue.languageQueue),
        VLLMName("request_prefill_time_seconds", MetricCatalogue.languagePrefill),
        VLLMName("request_decode_time_seconds", MetricCatalogue.languageDecode),
        VLLMName("request_prompt_tokens", MetricCatalogue.languageRequestPrompt),
        VLLMName("request_generation_tokens", MetricCatalogue.languageRequestOutput),
    ]

    /// The names as a Markdown table: what `docs/operations/metrics.md` shows.
    package static func markdownTable() -> String {
        let lines = all.map { name in
            let note =
                switch name.rule {
                case .same: ""
                case .only(let value): ", `\(name.source.labels.last ?? "")=\"\(value)\"`"
                case .successes: ", `outcome=\"success\"`, by `finish_reason`"
                case .usedShare: ", `kind=\"used\"` over `kind=\"total\"`"
                }
            return "| `\(name.shown.name)` | `\(name.source.name)`\(note) |"
        }
        return (["| vLLM | Slipway |", "|---|---|"] + lines).joined(separator: "\n") + "\n"
    }
}
