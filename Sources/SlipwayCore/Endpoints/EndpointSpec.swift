// SPDX-License-Identifier: Apache-2.0

/// The desired state of an endpoint: which versions answer, and how they are run.
public struct EndpointSpec: Sendable, Hashable {
    /// The version that answers whatever no canary takes.
    public var primary: VersionID
    /// Versions that take a share of the requests each; the primary takes the rest.
    public var canaries: [Canary]
    /// Requests that go to a certain version whatever the shares; the first rule that fits counts.
    public var rules: [HeaderRule]
    /// What keeps a caller on one version; `nil` to draw for every request.
    public var sticky: StickyKey?
    /// Versions that get copies of requests, whose answers are compared and thrown away.
    public var shadows: [Shadow]
    /// How the first canary's share grows by itself; `nil` when it stays.
    public var rollout: Rollout?
    /// The engine to use; `nil` for each version's own.
    public var engine: String?
    public var device: String
    /// What to compute with; `nil` for 32-bit floats.
    public var precision: InferencePrecision?
    /// Lanes of each version; `nil` to let the core budget decide.
    public var instances: Int?
    public var batching: BatchingSpec
    public var limits: LimitSpec
    public var lifecycle: LifecycleSpec
    /// Bytes of answers kept to be given again; `nil` for no cache.
    public var cacheBytes: Int?
    public var language: LanguageSpec
    public var monitoring: MonitoringSpec

    public init(primary: VersionID, engine: String? = nil, device: String = "cpu", instances: Int? = nil) {
        self.primary = primary
        canaries = []
        rules = []
        sticky = nil
        shadows = []
        rollout = nil
        self.engine = engine
        self.device = device
        precision = nil
        self.instances = instances
        batching = BatchingSpec()
        limits = LimitSpec()
        lifecycle = LifecycleSpec()
        cacheBytes = nil
        language = LanguageSpec()
        monitoring = MonitoringSpec()
    }

    /// Every version that the endpoint needs, each once, the primary first.
    public var versions: [VersionID] {
        var seen: Set<VersionID> = []
        let named = [primary] + canaries.map(\.version) + rules.map(\.version) + shadows.map(\.version)
        return named.filter { seen.insert($0).inserted }
    }

    /// What the canaries leave to the primary.
    public var primaryShare: Share { Share.remainder(after: canaries.map(\.share)) ?? .none }
}

/// A version that takes a share of an endpoint's requests.
public struct Canary: Sendable, Hashable, Codable {
    public var version: VersionID
    public var share: Share

    public init(version: VersionID, share: Share) {
        self.version = version
        self.share = share
    }
}

/// Sends requests with a certain header to a certain version.
public struct HeaderRule: Sendable, Hashable, Codable {
    /// In lower case.
    public var header: String
    /// The value it must have; `nil` for any.
    public var value: String?
    public var version: VersionID

    public init(header: String, value: String?, version: VersionID) {
        self.header = header
        self.value = value
        self.version = version
    }
}

/// What of a request stays the same for one caller.
public enum StickyKey: Sendable, Hashable, CustomStringConvertible {
    /// A header's value; its name in lower case.
    case header(String)
    /// A cookie's value.
    case cookie(String)
    /// The API key, or else the network address.
    case client
    /// What a conversation began with, for language models.
    case conversation

    /// Reads `header:x-user-id`, `cookie:session`, `client` or `conversation`; `nil` for anything else.
    public init?(_ text: String) {
        if text == "client" {
            self = .client
            return
        }
        if text == "conversation" {
            self = .conversation
            return
        }
        let parts = text.split(separator: ":", maxSplits: 1).map { $0.filter { $0 != " " } }
        guard parts.count == 2, !parts[1].isEmpty else { return nil }
        switch parts[0] {
        case "header": self = .header(parts[1].lowercased())
        case "cookie": self = .cookie(parts[1])
        default: return nil
        }
    }

    public var description: String {
        switch self {
        case .header(let name): "header:\(name)"
        case .cookie(let name): "cookie:\(name)"
        case .client: "client"
        case .conversation: "conversation"
        }
    }
}

/// A version that gets copies of requests.
public struct Shadow: Sendable, Hashable, Codable {
    public var version: VersionID
    /// Of the endpoint's requests.
    public var rate: Share
    /// Largest difference |a - b| / max(1, |b|) at which two numbers count as equal; `nil` for the default, 1e-4.
    public var tolerance: Double?
    /// Compare only which class has the highest score in each row.
    public var comparesTopClass: Bool

    public init(version: VersionID, rate: Share = .all, tolerance: Double? = nil, comparesTopClass: Bool = false) {
        self.version = version
        self.rate = rate
        self.tolerance = tolerance
        self.comparesTopClass = comparesTopClass
    }
}

/// A canary's share that grows step by step.
public struct Rollout: Sendable, Hashable, Codable {
    public struct Step: Sendable, Hashable, Codable {
        public var share: Share
        /// How long the share is held, in seconds.
        public var holdSeconds: Double

        public init(share: Share, holdSeconds: Double) {
            self.share = share
            self.holdSeconds = holdSeconds
        }
    }

    public var steps: [Step]
    /// The step in force, from 0.
    public var position: Int

    public init(steps: [Step], position: Int = 0) {
        self.steps = steps
        self.position = position
    }
}
