// SPDX-License-Identifier: Apache-2.0

/// When to give back the bytes a peer has used of a flow control window (RFC 9113, section 5.2).
package struct ReceiveWindow {
    package let size: Int
    private var owed = 0

    package init(size: Int) { self.size = size }

    /// Notes bytes that came; the increment to announce once half the window is used.
    package mutating func used(_ count: Int) -> Int? {
        owed += count
        guard owed * 2 >= size else { return nil }
        defer { owed = 0 }
        return owed
    }
}
