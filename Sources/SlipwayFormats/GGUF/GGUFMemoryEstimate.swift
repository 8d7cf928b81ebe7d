// SPDX-License-Identifier: Apache-2.0

/// What running a model takes, told before it is loaded: an upper bound, close for plain transformers.
///
/// Layers with a sliding window count as if they looked back over everything, as they are kept where conversations
/// share their beginnings. Numbers saturate instead of overflowing.
public struct GGUFMemoryEstimate: Sendable, Hashable {
    /// Of all tensors; mapped from the file, and repacked by engines that do so.
    public let weightBytes: Int
    /// Numbers that one token takes in the caches of all layers together.
    public let elementsPerToken: Int
    /// Bytes of fixed state that one sequence takes in recurrent layers; 0 for plain transformers.
    public let stateBytesPerSequence: Int
    private let vocabularySize: Int
    private let embeddingLength: Int
    private let feedForwardLength: Int

    init(layers: GGUFLayers, weightBytes: Int, vocabularySize: Int, embeddingLength: Int) {
        self.weightBytes = weightBytes
        self.vocabularySize = vocabularySize
        self.embeddingLength = embeddingLength
        feedForwardLength = layers.feedForwardLength
        elementsPerToken = layers.elementsPerToken
        stateBytesPerSequence = Self.product(layers.stateElements, 4)
    }

    /// Bytes of the KV cache and of what recurrent layers keep.
    ///
    /// - Parameter elementBytes: Of one number: 2 for f16, 4 for f32, 1.0625 for q8_0.
    public func cacheBytes(cells: Int, sequences: Int = 1, elementBytes: Double) -> Int {
        // The engine rounds cells up to this.
        let cells = cells > Int.max - 255 ? cells : (max(0, cells) + 255) / 256 * 256
        let cache = Double(Self.product(elementsPerToken, cells)) * elementBytes
        return Self.sum(Int(exactly: cache.rounded(.up)) ?? .max, Self.product(stateBytesPerSequence, sequences))
    }

    /// Bytes of what one step computes with: its inputs, the mask, the residual stream, and either the widest part of
    /// a layer or the logits.
    public func computeBytes(cells: Int, batch: Int, outputs: Int) -> Int {
        // Numbers of tokens, positions, sequences and outputs take the 32 bytes.
        let stream = Self.product(batch, Self.sum(32, Self.product(4 * 4, embeddingLength)))
        let layer = Self.product(batch, Self.product(3 * 4, feedForwardLength))
        let logits = Self.product(outputs, Self.product(4, vocabularySize))
        return Self.sum(Self.product(2, Self.product(batch, cells)), Self.sum(stream, max(layer, logits)))
    }

    /// Bytes of everything: weights, caches, what a step computes with, and its results.
    ///
    /// - Parameters:
    ///   - cells: Tokens that all sequences together may keep.
    ///   - batch: Most tokens of one step.
    ///   - sequences: Most sequences at the same time.
    ///   - outputs: Most tokens of one step whose logits are asked for; `nil` for one of each sequence.
    ///   - elementBytes: As for ``cacheBytes(cells:sequences:elementBytes:)``.
    public func bytes(cells: Int, batch: Int, sequences: Int, outputs: Int? = nil, elementBytes: Double) -> Int {
        let outputs = max(1, min(outputs ?? sequences, batch))
        let results = Self.product(outputs, Self.product(4, vocabularySize))
        let session = Self.sum(
            cacheBytes(cells: cells, sequences: sequences, elementBytes: elementBytes),
            Self.sum(computeBytes(cells: cells, batch: batch, outputs: outputs), results))
        return Self.sum(weightBytes, session)
    }

    private static func product(_ one: Int, _ other: Int) -> Int {
        let (product, overflow) = max(0, one).multipliedReportingOverflow(by: max(0, other))
        return overflow ? .max : product
    }

    private static func sum(_ one: Int, _ other: Int) -> Int {
        let (sum, overflow) = one.addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
