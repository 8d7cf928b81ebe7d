// SPDX-License-Identifier: Apache-2.0

extension Duration {
    /// A time of a spec, which may hold any number: none where it is no number or negative, a century at most.
    public static func bounded(seconds: Double) -> Duration {
        guard seconds > 0 else { return .zero }
        return .seconds(min(seconds, 3.2e9))
    }

    /// As ``bounded(seconds:)``.
    public static func bounded(milliseconds: Double) -> Duration { bounded(seconds: milliseconds / 1000) }
}
