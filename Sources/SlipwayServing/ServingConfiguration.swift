// SPDX-License-Identifier: Apache-2.0

/// Limits of the data plane.
package struct ServingConfiguration: Sendable, Hashable {
    /// Of each endpoint, where it does not say.
    package var limits = AdmissionLimits(requests: 1024, bytes: 1 << 30)
    /// Lanes of an endpoint that does not name its own number.
    package var lanes = 1
    /// Threads one engine call may use, its lane included.
    package var threadsPerCall = 1
    /// Where engines may keep what they make of models; `nil` to keep nothing.
    package var engineCacheFolder: String?
    /// Starts a profile of every engine call in files that begin with this path.
    package var profilePathPrefix: String?

    package init() {}
}
