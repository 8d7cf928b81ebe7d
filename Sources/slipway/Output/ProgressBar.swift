// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// A bar on standard error, only when that is a terminal.
final class ProgressBar: Sendable {
    private let label: String
    private let shown = Mutex(-1)

    init(_ label: String) { self.label = label }

    /// - Parameter fraction: 0 to 1; going back is ignored.
    func show(_ fraction: Double) {
        guard Console.isTerminal else { return }
        // What is no number counts as nothing.
        let percent = fraction > 0 ? Int(min(fraction, 1) * 100) : 0
        let isNews = shown.withLock { shown -> Bool in
            guard percent > shown else { return false }
            shown = percent
            return true
        }
        guard isNews else { return }
        let filled = percent * 30 / 100
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: 30 - filled)
        Console.write("\r\(label) [\(bar)] \(percent)%", to: STDERR_FILENO)
    }

    /// Takes the bar away, so that the next line starts clean.
    func finish() {
        guard Console.isTerminal, shown.withLock({ $0 }) >= 0 else { return }
        Console.write("\r\u{1B}[K", to: STDERR_FILENO)
    }
}
