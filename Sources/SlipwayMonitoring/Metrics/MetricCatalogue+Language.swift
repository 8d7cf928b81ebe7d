// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// The metrics of language models.
extension MetricCatalogue {
    package static let languageRequests = metric(
        "requests_total", .counter, "requests", more: ["outcome", "finish_reason"],
        "Generations that ended: success with stop, length or tool_calls, or the category of the failure. They count "
            + "in slipway_inference_requests_total too.")
    package static let languageCancelled = metric(
        "cancelled_total", .counter, "requests", more: ["phase"],
        "Generations whose caller went away, by what they were doing: queue, prefill, decode.")
    package static let languageRejected = metric(
        "rejected_total", .counter, "requests", more: ["reason"],
        "Generations refused before they were queued, by the limit they met.")
    package static let languagePromptTokens = metric(
        "prompt_tokens_total", .counter, "tokens", "Tokens of prompts, those found in the cache included.")
    package static let languageCachedTokens = metric(
        "cached_prompt_tokens_total", .counter, "tokens",
        "Tokens of prompts that had been computed for an earlier request.")
    package static let languageOutputTokens = metric(
        "output_tokens_total", .counter, "tokens", "Tokens generated, those of failed requests included.")
    package static let languageDraftedTokens = metric(
        "drafted_tokens_total", .counter, "tokens", "Tokens that speculation proposed.")
    package static let languageAcceptedTokens = metric(
        "accepted_tokens_total", .counter, "tokens", "Proposed tokens that the model agreed with.")
    package static let languageFirstToken = metric(
        "time_to_first_token_seconds", .histogram, "seconds",
        "Time from receipt of a request to its first token, also of requests that failed later.")
    package static let languageInterToken = metric(
        "inter_token_seconds", .histogram, "seconds", "Time between two tokens of one sequence, each pair counted.")
    package static let languagePerOutputToken = metric(
        "time_per_output_token_seconds", .histogram, "seconds",
        "Mean time per token after the first, one value for each successful request of two tokens or more.")
    package static let languageQueue = metric(
        "queue_seconds", .histogram, "seconds", "Time from receipt to the first step, successful requests only.")
    package static let languagePrefill = metric(
        "prefill_seconds", .histogram, "seconds",
        "Time from the first step to the first token, successful requests only.")
    package static let languageDecode = metric(
        "decode_seconds", .histogram, "seconds",
        "Time from the first token to the last, successful requests of two tokens or more.")
    package static let languageDuration = metric(
        "duration_seconds", .histogram, "seconds", "Time from receipt to the end, successful requests only.")
    package static let languageRequestPrompt = metric(
        "request_prompt_tokens", .histogram, "tokens", "Tokens of each successful request's prompt.")
    package static let languageRequestOutput = metric(
        "request_output_tokens", .histogram, "tokens", "Tokens generated for each successful request.")
    package static let languageStep = metric(
        "step_seconds", .histogram, "seconds", "Time of one step: a decode of the whole batch and its sampling.")
    package static let languageStepTokens = metric(
        "step_tokens", .histogram, "tokens", more: ["phase"],
        "Tokens of one kind in a step that had any: prefill, decode.")
    package static let languageSequences = metric(
        "sequences", .gauge, "sequences", more: ["state"],
        "Sequences by state: running; waiting to begin; parked, their state put aside for others.")
    package static let languageQueuedTokens = metric(
        "queued_prompt_tokens", .gauge, "tokens", "Prompt tokens of the sequences that wait.")
    package static let languageCells = metric(
        "kv_cells", .gauge, "cells", more: ["kind"],
        "Cells of the KV cache, one per token: used by sequences, cached for later requests, total.")
    package static let languageEvictions = metric(
        "evictions_total", .counter, "prefixes", "Kept prefixes dropped for room.")
    package static let languageParks = metric(
        "parks_total", .counter, "sequences", "Sequences put aside because the cache was full.")
    package static let languageResumes = metric(
        "resumes_total", .counter, "sequences", "Sequences brought back after they had been put aside.")

    /// In the order of the exposition.
    package static let language = [
        languageRequests, languageCancelled, languageRejected, languagePromptTokens, languageCachedTokens,
        languageOutputTokens, languageDraftedTokens, languageAcceptedTokens, languageFirstToken, languageInterToken,
        languagePerOutputToken, languageQueue, languagePrefill, languageDecode, languageDuration,
        languageRequestPrompt, languageRequestOutput, languageStep, languageStepTokens, languageSequences,
        languageQueuedTokens, languageCells, languageEvictions, languageParks, languageResumes,
    ]

    /// Buckets of a whole request and its phases: to ten minutes, since long prompts take minutes on processors.
    package static let languageBounds: [Duration] = [
        .milliseconds(1), .milliseconds(5), .milliseconds(10), .milliseconds(20), .milliseconds(40),
        .milliseconds(60), .milliseconds(80), .milliseconds(100), .milliseconds(250), .milliseconds(500),
        .milliseconds(750), .seconds(1), .milliseconds(2500), .seconds(5), .milliseconds(7500), .seconds(10),
        .seconds(20), .seconds(30), .seconds(60), .seconds(120), .seconds(300), .seconds(600),
    ]

    /// Buckets of what happens once per token or step.
    package static let stepBounds: [Duration] = [
        .milliseconds(1), .microseconds(2500), .milliseconds(5), .microseconds(7500), .milliseconds(10),
        .milliseconds(15), .milliseconds(20), .milliseconds(25), .milliseconds(30), .milliseconds(40),
        .milliseconds(50), .milliseconds(75), .milliseconds(100), .milliseconds(150), .milliseconds(200),
        .milliseconds(300), .milliseconds(500), .seconds(1), .milliseconds(2500), .seconds(5), .seconds(10),
    ]

    /// Buckets of numbers of tokens: powers of two up to 128 Ki.
    package static let tokenBounds: [UInt64] = (0...17).map { 1 << $0 }

    private static func metric(
        _ name: String, _ kind: MetricDescriptor.Kind, _ unit: String, more labels: [String] = [], _ help: String
    ) -> MetricDescriptor {
        MetricDescriptor(
            name: "slipway_language_" + name, kind: kind, unit: unit, labels: ["endpoint", "version"] + labels,
            help: help)
    }
}
