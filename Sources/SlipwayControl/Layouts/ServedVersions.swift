// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Makes an endpoint serve several versions of a model as Triton and TensorFlow Serving do: the highest answers, the
/// others wait in memory for requests that name them.
enum ServedVersions {
    /// - Parameters:
    ///   - versions: Ascending, not empty; of more than an endpoint can hold, the highest.
    ///   - current: What is in force; what it says besides routes stays.
    /// - Returns: `nil` when there is no version.
    static func spec(_ versions: [VersionID], current: EndpointSpec?) -> EndpointSpec? {
        guard let primary = versions.last else { return nil }
        var spec = (current ?? EndpointSpec(primary: primary)).promoting(primary)
        let others = Set(versions).subtracting([primary]).sorted().suffix(EndpointCheck.maximumEntries)
        // A canary without a share is loaded, and gets the requests that name its number.
        spec.canaries = others.reversed().map { Canary(version: $0, share: .none) }
        return spec
    }
}
