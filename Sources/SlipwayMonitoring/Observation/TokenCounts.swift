// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Generations as rows that a profile and a window can count: their numbers of tokens.
enum TokenCounts {
    static let prompt = "prompt_tokens"
    static let cached = "cached_tokens"
    static let output = "output_tokens"

    /// One row for each generation; `nil` for none.
    static func prediction(
        of generations: [(prompt: Int, cached: Int, output: Int)], version: VersionID, at now: Timestamp
    ) -> PredictionObservation? {
        let count = generations.count
        guard count > 0 else { return nil }
        // Floating-point, so that few different numbers of tokens are not taken for classes.
        func tensor(_ values: [Int]) -> Tensor? { try? Tensor(values.map(Double.init), shape: [count]) }
        guard let prompt = tensor(generations.map(\.prompt)), let cached = tensor(generations.map(\.cached)),
            let output = tensor(generations.map { max(0, $0.output) })
        else { return nil }
        var inputs = NamedTensors()
        inputs.append(prompt, named: Self.prompt)
        inputs.append(cached, named: Self.cached)
        var outputs = NamedTensors()
        outputs.append(output, named: Self.output)
        return PredictionObservation(
            requestID: nil, endpoint: version.model, version: version, route: .primary, at: now, inputs: inputs,
            outputs: outputs, parameters: [:], rows: count, total: .zero)
    }
}
