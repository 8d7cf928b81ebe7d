// SPDX-License-Identifier: Apache-2.0

/// What each layer of a model keeps of the tokens it has seen.
struct GGUFLayers: Sendable, Hashable {
    /// llama.cpp's own limit.
    private static let most = 512

    let count: Int
    let headCounts: [Int]
    let keyValueHeadCounts: [Int]
    let keyLength: Int
    let valueLength: Int
    /// Of one layer.
    let feedForwardLength: Int
    /// Numbers that one token takes in the caches of all layers together.
    let elementsPerToken: Int
    /// Numbers of fixed state that one sequence takes in all layers together.
    let stateElements: Int

    init(_ facts: GGUFFacts) throws(FormatError) {
        count = try facts.own("block_count")
        guard count <= Self.most else {
            throw FormatError(
                .malformed, "the model has \(count) layers, expected \(Self.most) at most",
                at: "\(facts.architecture).block_count")
        }
        let heads = try facts.perLayer("attention.head_count", layers: count)
        headCounts = heads ?? Array(repeating: 0, count: count)
        keyValueHeadCounts = try facts.perLayer("attention.head_count_kv", layers: count) ?? headCounts
        let width = try facts.own("embedding_length")
        let usual = (headCounts.first { $0 > 0 }).map { width / $0 } ?? 0
        let (key, value) = (try facts.own("attention.key_length"), try facts.own("attention.value_length"))
        keyLength = key > 0 ? key : usual
        valueLength = value > 0 ? value : usual
        let plain = try facts.perLayer("feed_forward_length", layers: count)?.max() ?? 0
        let expert = try facts.own("expert_feed_forward_length")
        let (routed, overflow) = expert.multipliedReportingOverflow(by: try facts.own("expert_used_count"))
        feedForwardLength = max(plain, overflow ? 0 : routed)
        let state = try Self.state(facts, width: width)
        let kinds = try Self.kinds(facts, count: count, keyValueHeads: keyValueHeadCounts, hasState: state > 0)
        // Latent attention keeps one vector for keys and values together.
        let isLatent = try facts.own("attention.key_length_mla") > 0
        let shared = try min(count, facts.own("attention.shared_kv_layers"))
        var elements = 0
        for layer in 0..<(count - shared) where kinds[layer].attends {
            elements = try Self.sum(elements, keyValueHeadCounts[layer], keyLength + (isLatent ? 0 : valueLength))
        }
        elementsPerToken = elements
        stateElements = try Self.sum(0, kinds.count { $0.keepsState }, state)
    }

    private typealias Kind = (attends: Bool, keepsState: Bool)

    /// Which layers attend and which keep a fixed state; where a file of both does not tell, all count as both.
    private static func kinds(
        _ facts: GGUFFacts, count: Int, keyValueHeads: [Int], hasState: Bool
    ) throws(FormatError) -> [Kind] {
        guard hasState else { return Array(repeating: (true, false), count: count) }
        let marked = facts.flags("attention.recurrent_layers")
        let interval = try facts.own("full_attention_interval")
        let isTold = keyValueHeads.contains(0)
        return (0..<count).map { layer in
            if let marked, layer < marked.count { return (!marked[layer], marked[layer]) }
            if isTold { return (keyValueHeads[layer] > 0, keyValueHeads[layer] == 0) }
            guard interval > 0 else { return (true, true) }
            let attends = (layer + 1).isMultiple(of: interval)
            return (attends, !attends)
        }
    }

    /// Numbers of fixed state of one recurrent layer: of Mamba, RWKV or a short convolution.
    private static func state(_ facts: GGUFFacts, width: Int) throws(FormatError) -> Int {
        let (inner, kernel) = (try facts.own("ssm.inner_size"), try facts.own("ssm.conv_kernel"))
        let (size, groups) = (try facts.own("ssm.state_size"), try facts.own("ssm.group_count"))
        var total = 0
        if inner > 0 {
            let channels = try sum(inner, 2 * groups, size)
            total = try sum(total, max(0, kernel - 1), channels)
            total = try sum(total, size, inner)
        }
        let head = try facts.own("wkv.head_size")
        if head > 0 {
            let shifts = try facts.own("token_shift_count")
            total = try sum(total, width, head + max(2, shifts))
        }
        let reach = try facts.own("shortconv.l_cache")
        if reach > 1 { total = try sum(total, reach - 1, width) }
        return total
    }

    /// `base + one * other`.
    private static func sum(_ base: Int, _ one: Int, _ other: Int) throws(FormatError) -> Int {
        let (product, productOverflow) = one.multipliedReportingOverflow(by: other)
        let (sum, sumOverflow) = base.addingReportingOverflow(product)
        guard !productOverflow, !sumOverflow else {
            throw FormatError(.malformed, "the model's layers are larger than memory can address")
        }
        return sum
    }
}
