// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayEngine

/// How a version's requests are to be put together, from what the endpoint says and what warm-up found.
struct BatchSetup: Sendable {
    var rules: BatchRules
    var policy: BatchPolicy
    var curve: CostCurve
    /// Why requests run alone although the endpoint would let them share; `nil` when they share.
    var reasonAlone: String?
    /// When an engine call counts as hung.
    var callLimit: Duration

    /// The most rows of a call where nobody says: beyond it memory grows and rows per second hardly do.
    static let defaultMaximumRows = 256
    /// Long enough for any call that makes sense on the request path.
    static let defaultCallLimit: Duration = .seconds(60)

    /// What people should know of it.
    var notes: [String] = []

    /// As the endpoint wants it, before anything was measured.
    init(_ model: any TensorModel, spec: EndpointSpec) {
        let batching = spec.batching
        var padding: PaddingRule?
        do throws(BatchError) {
            if batching.pads != false { padding = try PaddingRule.find(in: model.signature, batching) }
        } catch {
            notes.append("requests of different lengths are not padded: \(error.message)")
        }
        policy = Self.policy(spec, model)
        rules = BatchRules(signature: model.signature, padding: padding, maximumBatchSize: policy.maximumRows)
        curve = CostCurve()
        callLimit = Self.callLimit(spec, slowest: nil)
        reasonAlone = batching.isEnabled == false ? "switched off for this endpoint" : rules.refusal
        if reasonAlone != nil { policy.isBatching = false }
    }

    /// Requests do not share calls.
    mutating func runAlone(_ reason: String) {
        reasonAlone = reason
        policy.isBatching = false
    }

    /// Nothing was tried: requests share calls only where the endpoint says that they may, and are not padded.
    mutating func doWithoutProbe(_ spec: EndpointSpec, _ signature: ModelSignature) {
        rules = BatchRules(signature: signature, padding: nil, maximumBatchSize: policy.maximumRows)
        guard reasonAlone == nil, spec.batching.isEnabled != true else { return }
        reasonAlone = "without warm-up nothing shows that rows may share a call; batching.enabled says so"
        policy.isBatching = false
    }

    /// Takes over what the warm-up found.
    mutating func learn(from probe: BatchProbe, _ signature: ModelSignature) {
        notes += probe.notes
        if case .batches(let isExact) = probe.verdict {
            notes.append(
                isExact
                    ? "answers are those of single requests bit for bit"
                    : "answers are those of single requests but for rounding")
        }
        if let refusal = probe.paddingRefusal, rules.padding != nil {
            notes.append("requests of different lengths are not padded: \(refusal)")
            rules = BatchRules(signature: signature, padding: nil, maximumBatchSize: policy.maximumRows)
        }
        if case .alone(let reason) = probe.verdict {
            reasonAlone = reason
            policy.isBatching = false
        }
        curve = CostCurve(measurements: probe.measurements)
    }

    static func policy(_ spec: EndpointSpec, _ model: any TensorModel) -> BatchPolicy {
        let batching = spec.batching
        let wanted = batching.maximumRows ?? defaultMaximumRows
        var policy = BatchPolicy(maximumRows: max(1, min(wanted, model.maximumBatchSize ?? wanted)))
        policy.isBatching = batching.isEnabled != false
        policy.preferredRows = batching.preferredRows ?? []
        policy.maximumDelay = .bounded(milliseconds: batching.maximumDelayMs ?? 0)
        policy.latencyTarget = batching.latencyTargetMs.map { .bounded(milliseconds: $0) }
        return policy
    }

    static func callLimit(_ spec: EndpointSpec, slowest: Double?) -> Duration {
        if let limit = spec.limits.callMs { return .bounded(milliseconds: limit) }
        return max(defaultCallLimit, .bounded(seconds: 20 * (slowest ?? 0)))
    }
}
