// SPDX-License-Identifier: Apache-2.0

/// What numbers an engine computes a model of 32-bit floats with.
public enum InferencePrecision: String, Sendable, Hashable, Codable, CaseIterable {
    /// 32-bit floats, as the model says.
    case f32
    /// 16-bit brain floats where the engine sees fit: about twice as fast on processors made for them, and different
    /// from the third digit on.
    case bf16
}
