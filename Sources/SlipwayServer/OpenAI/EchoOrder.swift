// SPDX-License-Identifier: Apache-2.0

/// Holds back what other choices say before the prompt's probabilities are known, which their echoes begin with.
package struct EchoOrder: Sendable {
    private var awaitsPrompt: Bool
    private var held: [AnswerFlow.Happening] = []

    /// - Parameter awaitsPrompt: Whether the prompt's probabilities are to come.
    package init(awaitsPrompt: Bool) { self.awaitsPrompt = awaitsPrompt }

    /// What can be told now, in its order.
    package mutating func take(_ happening: AnswerFlow.Happening) -> [AnswerFlow.Happening] {
        guard awaitsPrompt else { return [happening] }
        switch happening {
        // They come before the first choice starts, or not at all.
        case .prompt, .started(0), .ended(0, _, _):
            awaitsPrompt = false
            defer { held = [] }
            return [happening] + held
        default:
            held.append(happening)
            return []
        }
    }
}
