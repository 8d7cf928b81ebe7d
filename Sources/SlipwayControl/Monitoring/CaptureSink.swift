// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
package import SlipwayMonitoring

/// Where captured requests go. Implementations are in SlipwayStorage.
package protocol CaptureSink: Sendable {
    /// Takes a copy of what an endpoint's spec asks for; never waits.
    func offer(_ predictions: [PackedPrediction], of endpoint: String)
    /// The endpoints that are captured from now on, each with how.
    func configure(_ specs: [String: CaptureSpec])
    /// Requests offered, kept, and dropped by reason, by name.
    func counts(of endpoint: String) -> [String: Int]
    /// Whether it gave up for a while, and why: `no space left`.
    var trouble: String? { get }
    /// Hands what waits to the disk; blocks.
    func flush()
}
