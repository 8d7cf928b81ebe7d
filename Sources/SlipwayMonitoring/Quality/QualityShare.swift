// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// What joins of several replicas tell each other of one endpoint.
struct QualityShare: Sendable {
    /// The own parts as bytes, by number, with the changes that they hold.
    private var encoded: [Int64: (quality: Int, estimates: Int, data: [UInt8])] = [:]
    /// What the others counted in the window.
    private var others = (quality: QualityWindow(), estimates: EstimateWindow())

    /// The own window, of which only parts that changed are written anew.
    mutating func encode(_ quality: WindowRing<QualityWindow>, _ estimates: WindowRing<EstimateWindow>) -> [UInt8] {
        let indices = Set(quality.parts.map(\.index) + estimates.parts.map(\.index)).sorted()
        var fresh: [Int64: (quality: Int, estimates: Int, data: [UInt8])] = [:]
        for index in indices {
            let one = quality.parts.first { $0.index == index }
            let two = estimates.parts.first { $0.index == index }
            let (first, second) = (one?.change ?? 0, two?.change ?? 0)
            if let known = encoded[index], known.quality == first, known.estimates == second {
                fresh[index] = known
            } else {
                let data = QualityCodec.encode(part: one?.part ?? QualityWindow(), two?.part ?? EstimateWindow())
                fresh[index] = (first, second, data)
            }
        }
        encoded = fresh
        return QualityCodec.encode(
            quality.shape, parts: indices.compactMap { index in fresh[index].map { (index, $0.data) } })
    }

    /// Forgets what it wrote, where windows are counted anew.
    mutating func restart() { encoded = [:] }

    /// Takes what all others counted instead of what they had; damaged bytes are left out.
    ///
    /// - Parameter since: Where the window begins.
    mutating func take(_ tallies: [StoredTally], since: Timestamp) {
        others = (QualityWindow(), EstimateWindow())
        // In one order everywhere, so that sums are the same to the last bit.
        for tally in tallies.sorted(by: { $0.writer < $1.writer }) {
            guard let (quality, estimates) = QualityCodec.decode(tally.data, endedAfter: since) else { continue }
            others.quality.merge(quality)
            others.estimates.merge(estimates)
        }
    }

    func merged(_ own: QualityWindow) -> QualityWindow {
        var whole = own
        whole.merge(others.quality)
        return whole
    }

    func merged(_ own: [VersionID: EstimateTally]) -> [VersionID: EstimateTally] {
        own.merging(others.estimates.versions) { one, other in
            var whole = one
            whole.merge(other)
            return whole
        }
    }
}
