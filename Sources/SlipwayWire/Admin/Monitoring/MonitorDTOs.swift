// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// All that is measured of an endpoint.
package struct MonitorsDTO: Sendable, Hashable, Codable {
    package var endpoint: String
    package var at: Timestamp
    /// Whether a server that serves now says so; else it is what replicas stored.
    package var isLive: Bool
    package var versions: [MonitoredVersionDTO]
    package var readings: [ReadingDTO]
    /// Those that are pending or firing.
    package var alerts: [AlertDTO]
    /// Feedback by what became of it, and `waiting`: predictions without a label yet.
    package var labels: [String: Int]

    package init(
        endpoint: String, at: Timestamp, isLive: Bool, versions: [MonitoredVersionDTO], readings: [ReadingDTO],
        alerts: [AlertDTO], labels: [String: Int] = [:]
    ) {
        self.endpoint = endpoint
        self.at = at
        self.isLive = isLive
        self.versions = versions
        self.readings = readings
        self.alerts = alerts
        self.labels = labels
    }
}

/// One version of an endpoint and what it is held against.
package struct MonitoredVersionDTO: Sendable, Hashable, Codable {
    package var version: VersionID
    /// `primary`, `canary`, `shadow` or `rule`.
    package var route: String
    /// Rows of its reference profile; `nil` where there is none.
    package var profileRows: Int?
    package var profiledAt: Timestamp?
    /// Whether the profile is of the first rows that were asked, for want of one of good data.
    package var isProvisional: Bool

    package init(
        version: VersionID, route: String, profileRows: Int?, profiledAt: Timestamp?, isProvisional: Bool = false
    ) {
        self.version = version
        self.route = route
        self.profileRows = profileRows
        self.profiledAt = profiledAt
        self.isProvisional = isProvisional
    }
}

/// One measured value with what is needed to judge it.
package struct ReadingDTO: Sendable, Hashable, Codable {
    package var version: VersionID?
    /// What is measured: `psi`, `error_rate`; `slipway monitor signals` lists them.
    package var signal: String
    /// A feature, an output, a segment, a business number.
    package var subject: String?
    /// `nil` where it is no finite number.
    package var value: Double?
    /// Rows, requests or labels it was computed of.
    package var samples: Int
    /// How probable a value at least as extreme is when nothing has changed.
    package var pValue: Double?
    /// Half the width of a 95 % confidence interval.
    package var margin: Double?
    /// The same quantity in the reference.
    package var reference: Double?
    /// The convention by name: binning, epsilon, scheme.
    package var method: String
    /// What moved, in words.
    package var explanation: String?
    /// Ids of requests that show it.
    package var examples: [String]
    /// Length of the window it is of.
    package var windowSeconds: Double?
    /// Earlier values, oldest first, at equal distances; `nil` in it where there was none.
    package var history: [Double?]?

    package init(version: VersionID?, signal: String, subject: String?, value: Double?, samples: Int, method: String) {
        self.version = version
        self.signal = signal
        self.subject = subject
        self.value = value
        self.samples = samples
        self.method = method
        examples = []
    }
}

/// Something that happened, as the event stream tells it.
package struct MonitorEventDTO: Sendable, Hashable, Codable {
    package enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        case alert, decision, revision
        /// Events before this one were lost to the reader: look at the lists.
        case gap
    }

    /// Grows, also over restarts.
    package var id: Int
    package var at: Timestamp
    package var kind: Kind
    package var endpoint: String?
    package var alert: AlertDTO?
    package var decision: GuardDecisionDTO?
    package var revision: RevisionDTO?

    package init(id: Int, at: Timestamp, kind: Kind, endpoint: String?) {
        self.id = id
        self.at = at
        self.kind = kind
        self.endpoint = endpoint
    }
}
