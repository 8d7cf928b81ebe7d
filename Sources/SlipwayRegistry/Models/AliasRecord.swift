// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// A movable name for a version, as it stands now.
package struct AliasRecord: Sendable, Hashable, Codable {
    package let model: String
    package let alias: String
    package let version: Int

    package init(model: String, alias: String, version: Int) {
        self.model = model
        self.alias = alias
        self.version = version
    }
}

/// One move of an alias.
package struct AliasEvent: Sendable, Hashable, Codable {
    package let model: String
    package let alias: String
    /// Where it pointed before; `nil` when it was new.
    package let from: Int?
    /// Where it points after; `nil` when it was removed.
    package let to: Int?
    package let at: Timestamp

    package init(model: String, alias: String, from: Int?, to: Int?, at: Timestamp) {
        self.model = model
        self.alias = alias
        self.from = from
        self.to = to
        self.at = at
    }
}
