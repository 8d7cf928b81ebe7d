// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats

/// What the registry keeps of what a GGUF file says of itself, and what is read back of it.
enum GGUFCard {
    private static let cacheKey = "gguf.kv-bytes-per-token"
    private static let contextKey = "gguf.context"

    static func facts(_ info: GGUFModelInfo) -> [String: String] {
        var facts = info.card.reduce(into: [String: String]()) { $0["file." + $1.key] = $1.value }
        facts["license"] = info.license
        facts["gguf.architecture"] = info.architecture
        facts["gguf.purpose"] = info.purpose.rawValue
        facts["gguf.quantisation"] = info.quantisation
        facts["gguf.parameters"] = String(info.parameterCount)
        facts["gguf.tensor-bytes"] = String(info.tensorByteCount)
        facts[contextKey] = String(info.contextLength)
        facts["gguf.embedding"] = String(info.embeddingLength)
        facts["gguf.layers"] = String(info.blockCount)
        facts["gguf.vocabulary"] = String(info.vocabularySize)
        facts["gguf.tokenizer"] = [info.tokenizerModel, info.tokenizerPre].compactMap(\.self).joined(separator: " ")
        facts["gguf.template"] = info.hasChatTemplate ? "yes" : "no"
        // In 16-bit numbers.
        facts[cacheKey] = String(clamping(info.memory.elementsPerToken))
        if info.memory.stateBytesPerSequence > 0 {
            facts["gguf.state-bytes-per-sequence"] = String(info.memory.stateBytesPerSequence)
        }
        if info.expertCount > 0 { facts["gguf.experts"] = "\(info.expertUsedCount) of \(info.expertCount)" }
        if let window = info.slidingWindow { facts["gguf.sliding-window"] = String(window) }
        // Stores take no NUL in texts.
        return facts.mapValues { $0.filter { $0 != "\0" } }.filter { !$0.value.isEmpty }
    }

    /// What one token takes in the cache with 16-bit numbers; 0 where the facts do not tell.
    static func cacheBytesPerToken(_ facts: [String: String]) -> Int { number(facts[cacheKey]) }

    /// Tokens of context that the model was trained with; 0 where the facts do not tell.
    static func trainedContext(_ facts: [String: String]) -> Int { number(facts[contextKey]) }

    /// Sums and small products of such numbers stay inside an Int, whatever a file claimed.
    private static func number(_ text: String?) -> Int { min(max(0, text.flatMap { Int($0) } ?? 0), 1 << 40) }

    private static func clamping(_ elements: Int) -> Int {
        let (bytes, overflow) = elements.multipliedReportingOverflow(by: 2)
        return overflow ? .max : bytes
    }
}
