// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// Decides which version answers a request, and which ones get a copy.
///
/// Header rules come first, the first that fits counts. Then the shares: a request falls into one of 10,000 slots,
/// by the hash of its sticky key or, without one, by chance. Canaries own the slots from 0 upwards in their order,
/// the primary the rest. Hence a single canary that grows takes callers from the primary only and keeps those it
/// has, and one that shrinks gives back those that came last. With several canaries that holds for the last one;
/// one that grows before others pushes their slots on, so that callers at the borders move from canary to canary:
/// grow the last one, or one at a time, where that matters.
package struct TrafficRouter: Sendable {
    private struct Portion: Sendable {
        /// The first slot that is not its own.
        let end: Int
        let version: VersionID
    }

    /// Slots of the whole; one is the smallest ``Share``.
    static let slots = 10_000

    private let primary: VersionID
    private let portions: [Portion]
    private let rules: [HeaderRule]
    private let sticky: StickyKey?
    private let shadows: [Shadow]
    private let seed: UInt64

    /// - Parameter endpoint: Seeds the hash: who is a canary's user here need not be one elsewhere.
    package init(endpoint: String, spec: EndpointSpec) {
        primary = spec.primary
        rules = spec.rules
        sticky = spec.sticky
        shadows = spec.shadows.filter { $0.rate > .none }
        seed = StableHash.seed(endpoint)
        var portions: [Portion] = []
        for canary in spec.canaries where canary.share > .none {
            let start = portions.last?.end ?? 0
            portions.append(Portion(end: start + canary.share.basisPoints, version: canary.version))
        }
        self.portions = portions
    }

    /// Decides about one request.
    ///
    /// - Parameters:
    ///   - draw: 64 random bits of its own.
    ///   - isReady: Whether a version can answer. What would go to one that cannot goes to the primary, so that a
    ///     canary that still loads or has failed costs nobody an error; such shadows get nothing. Not asked about
    ///     the primary.
    package func route(
        _ facts: RouteFacts, draw: UInt64, isReady: (VersionID) -> Bool = { _ in true }
    ) -> RouteDecision {
        let (wanted, wantedKind) = choose(facts, draw)
        let isAvailable = wantedKind == .primary || isReady(wanted)
        let version = isAvailable ? wanted : primary
        return RouteDecision(
            version: version, kind: isAvailable ? wantedKind : .primary,
            shadows: copies(draw, answering: version, isReady))
    }

    private func choose(_ facts: RouteFacts, _ draw: UInt64) -> (VersionID, RouteKind) {
        for rule in rules {
            guard let value = facts.header(rule.header) else { continue }
            if rule.value == nil || rule.value == value { return (rule.version, .rule) }
        }
        guard !portions.isEmpty else { return (primary, .primary) }
        // An empty key tells callers apart no better than none, and would put them all into one slot.
        let key = stickyValue(facts).flatMap { $0.isEmpty ? nil : $0 }
        let slot = StableHash.slot(
            key.map { StableHash.of($0, seed: seed) } ?? Self.part(0, of: draw), of: Self.slots)
        guard let portion = portions.first(where: { slot < $0.end }) else { return (primary, .primary) }
        return (portion.version, portion.version == primary ? .primary : .canary)
    }

    private func stickyValue(_ facts: RouteFacts) -> String? {
        switch sticky {
        case .header(let name)?: facts.header(name)
        case .cookie(let name)?: facts.cookie(name)
        case .client?: facts.client
        // A conversation stays where it began, even where nobody asks for it: another version would compute all of it
        // again, and go on in another voice.
        case .conversation?, nil: facts.conversation
        }
    }

    private func copies(_ draw: UInt64, answering: VersionID, _ isReady: (VersionID) -> Bool) -> [Shadow] {
        guard !shadows.isEmpty else { return [] }
        var chosen: [Shadow] = []
        for (index, shadow) in shadows.enumerated() where shadow.version != answering {
            let slot = StableHash.slot(Self.part(UInt64(index) + 1, of: draw), of: Self.slots)
            if slot < shadow.rate.basisPoints && isReady(shadow.version) { chosen.append(shadow) }
        }
        return chosen
    }

    /// One of many numbers made of a draw that have nothing to do with each other: SplitMix64 started at the draw.
    private static func part(_ index: UInt64, of draw: UInt64) -> UInt64 {
        StableHash.mix(draw &+ (index &+ 1) &* 0x9e37_79b9_7f4a_7c15)
    }
}
