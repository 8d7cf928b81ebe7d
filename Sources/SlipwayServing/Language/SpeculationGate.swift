// SPDX-License-Identifier: Apache-2.0

/// Decides, for one sequence, whether drafting pays: by how many drafted tokens were right lately.
///
/// A draft that is right saves steps, one that is wrong makes a step longer. The length doubles while nearly all is
/// right and halves while little is; a sequence whose drafts fail does without for a while, longer each time.
struct SpeculationGate: Sendable, Equatable {
    /// Tokens of a draft at first, and at most.
    static let firstLength = 4
    static let mostLength = 12
    /// Above, a draft grows; below, it shrinks; below the last, there is none for a while.
    static let growAbove = 0.7
    static let shrinkBelow = 0.4
    static let pauseBelow = 0.25
    /// Weight of the latest draft in the average.
    static let weight = 0.3

    /// Tokens to draft at most.
    private(set) var most = Self.firstLength
    /// Share of drafted tokens that were right, as an exponential average.
    private(set) var acceptance = 0.5
    /// Tokens generated before it drafts again.
    private var resumesAt = 0
    private var pause = 16
    private let isForced: Bool

    /// - Parameter isForced: Whether it never pauses.
    init(isForced: Bool = false) { self.isForced = isForced }

    func isOpen(at generated: Int) -> Bool { isForced || generated >= resumesAt }

    mutating func record(proposed: Int, accepted: Int, at generated: Int) {
        guard proposed > 0 else { return }
        acceptance += Self.weight * (Double(max(0, accepted)) / Double(proposed) - acceptance)
        if acceptance > Self.growAbove {
            most = min(most * 2, Self.mostLength)
            pause = 16
        } else if acceptance < Self.shrinkBelow {
            most = max(1, most / 2)
        }
        guard acceptance < Self.pauseBelow else { return }
        resumesAt = generated + pause
        pause = min(pause * 2, 512)
        // One try decides after the pause.
        acceptance = Self.shrinkBelow
    }
}
