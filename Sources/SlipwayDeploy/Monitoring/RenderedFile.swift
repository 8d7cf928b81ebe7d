// SPDX-License-Identifier: Apache-2.0

/// A file for somebody else's program, as text.
package struct RenderedFile: Sendable, Hashable {
    /// Relative, with `/`: `prometheus/prometheus.yml`.
    package let path: String
    package let text: String

    package init(path: String, text: String) {
        self.path = path
        self.text = text
    }
}
