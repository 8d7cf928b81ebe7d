// SPDX-License-Identifier: Apache-2.0

package import SlipwayRegistry

/// Where the parts of a home are.
package struct HomeLayout: Sendable, Hashable {
    /// The home's folder, without a slash at its end.
    package let root: String

    package init(root: String) {
        var root = root
        while root.count > 1, root.hasSuffix("/") { root.removeLast() }
        self.root = root
    }

    /// The registry's database.
    package var database: String { root + "/registry.db" }
    /// Profiles, windows, alerts and decisions of monitoring.
    package var monitoringDatabase: String { root + "/monitoring.db" }
    /// Receivers of alerts; there may be none.
    package var monitoringFile: String { root + "/monitoring.yaml" }
    package var blobs: String { root + "/blobs" }
    package var cache: String { root + "/cache" }
    /// Captured requests: a folder for each endpoint.
    package var capture: String { root + "/capture" }
    /// Labels and the predictions that wait for them: a folder for each endpoint.
    package var labels: String { root + "/labels" }

    /// Makes the folders that are missing, for their owner only (mode 0700). Blocks.
    ///
    /// - Throws: ``RegistryError`` `storeUnavailable` or `storeFull`.
    package func prepare() throws(RegistryError) {
        for folder in [root, blobs, cache, capture] { try PosixFolder.make(folder, mode: 0o700) }
        try PosixFolder.synchronize(root)
    }
}
