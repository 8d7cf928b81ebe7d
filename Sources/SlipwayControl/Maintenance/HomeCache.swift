// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// The folder of a home for what can be made again. Its calls block.
package struct HomeCache: Sendable {
    private let folder: String

    package init(folder: String) { self.folder = folder }

    /// A folder for files that are made on the way to something else.
    package var scratch: String { folder + "/import" }
    /// What engines make of models; ``EngineCacheSweep`` tells how it lies.
    package var engines: String { folder + "/engines" }

    /// Removes what was left behind, and what engines have not asked for in a long time; returns the bytes freed.
    ///
    /// - Parameter bundles: Those that are registered; `nil` where nobody knows.
    @discardableResult
    package func sweep(keeping bundles: Set<Digest>?) -> Int {
        ScratchSweep.run(cache: folder) + ScratchSweep.run(shared: "/tmp")
            + EngineCacheSweep(folder: engines).run(keeping: bundles)
    }
}
