// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// Finds peers that are gone without a word, and peers that ping without end.
package struct GRPCKeepalive {
    package enum Action: Hashable { case nothing, ping, close }
    package enum Judgement: Hashable { case fine, tooMany }

    /// Between two looks.
    package static let interval = TimeAmount.seconds(20)
    /// Looks without a frame before the peer is asked, and asked again before it is given up.
    package static let patience = 3
    /// Pings of a peer between two looks: a client that keeps its connection alive sends one in ten seconds at most.
    package static let mostPings = 100

    private var silentLooks = 0
    private var pings = 0

    package init() {}

    /// Notes any frame of the peer.
    package mutating func heard() { silentLooks = 0 }

    /// Notes that the peer was answered: clients measure the path by a ping for each answer, and may.
    package mutating func answered() { pings = 0 }

    /// Notes a ping of the peer.
    package mutating func pinged() -> Judgement {
        pings += 1
        return pings > Self.mostPings ? .tooMany : .fine
    }

    /// To be called once in each ``interval``.
    package mutating func tick() -> Action {
        pings = 0
        silentLooks += 1
        if silentLooks > Self.patience + 1 { return .close }
        return silentLooks > Self.patience ? .ping : .nothing
    }
}
