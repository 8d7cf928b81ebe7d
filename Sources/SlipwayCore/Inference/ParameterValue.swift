// SPDX-License-Identifier: Apache-2.0

/// A request or response parameter outside the tensors.
public enum ParameterValue: Sendable, Hashable {
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case string(String)
}
