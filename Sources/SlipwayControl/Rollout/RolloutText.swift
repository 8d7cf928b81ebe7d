// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// Steps of a rollout on a command line: `1%:10m,10%:30m,50%:1h`.
package enum RolloutText {
    /// - Throws: `ControlError` `invalidRequest` that shows the form. Whether the steps make sense is not looked at.
    package static func parse(_ text: String) throws -> [Rollout.Step] {
        try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
            let words = part.split(separator: ":", omittingEmptySubsequences: false).map { word in
                String(word).trimmingSpaces
            }
            guard words.count == 2, let share = Share(words[0]), let hold = UnitText.milliseconds(words[1]) else {
                throw ControlError(
                    .invalidRequest, "'\(part)' is not a step of a rollout: write SHARE:TIME, such as 1%:10m,25%:1h")
            }
            return Rollout.Step(share: share, holdSeconds: hold / 1000)
        }
    }

    static func text(_ steps: [Rollout.Step]) -> String {
        steps.map { "\($0.share):\(UnitText.time(milliseconds: $0.holdSeconds * 1000))" }.joined(separator: ",")
    }
}

extension String {
    var trimmingSpaces: String {
        let head = drop { $0 == " " }
        return String(head.reversed().drop { $0 == " " }.reversed())
    }
}
