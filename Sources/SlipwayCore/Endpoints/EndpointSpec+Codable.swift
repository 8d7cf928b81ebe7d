// SPDX-License-Identifier: Apache-2.0

extension EndpointSpec: Codable {
    private enum CodingKeys: String, CodingKey {
        case primary, canaries, rules, sticky, shadows, rollout, engine, device, precision, instances, batching
        case limits, lifecycle, cacheBytes, language, monitoring
    }

    /// Members that are left out have their defaults, so that specs of earlier releases stay readable.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(primary: try container.decode(VersionID.self, forKey: .primary))
        canaries = try container.decodeIfPresent([Canary].self, forKey: .canaries) ?? []
        rules = try container.decodeIfPresent([HeaderRule].self, forKey: .rules) ?? []
        sticky = try container.decodeIfPresent(StickyKey.self, forKey: .sticky)
        shadows = try container.decodeIfPresent([Shadow].self, forKey: .shadows) ?? []
        rollout = try container.decodeIfPresent(Rollout.self, forKey: .rollout)
        engine = try container.decodeIfPresent(String.self, forKey: .engine)
        device = try container.decodeIfPresent(String.self, forKey: .device) ?? device
        precision = try container.decodeIfPresent(InferencePrecision.self, forKey: .precision)
        instances = try container.decodeIfPresent(Int.self, forKey: .instances)
        batching = try container.decodeIfPresent(BatchingSpec.self, forKey: .batching) ?? batching
        limits = try container.decodeIfPresent(LimitSpec.self, forKey: .limits) ?? limits
        lifecycle = try container.decodeIfPresent(LifecycleSpec.self, forKey: .lifecycle) ?? lifecycle
        cacheBytes = try container.decodeIfPresent(Int.self, forKey: .cacheBytes)
        language = try container.decodeIfPresent(LanguageSpec.self, forKey: .language) ?? language
        monitoring = try container.decodeIfPresent(MonitoringSpec.self, forKey: .monitoring) ?? monitoring
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(primary, forKey: .primary)
        if !canaries.isEmpty { try container.encode(canaries, forKey: .canaries) }
        if !rules.isEmpty { try container.encode(rules, forKey: .rules) }
        try container.encodeIfPresent(sticky, forKey: .sticky)
        if !shadows.isEmpty { try container.encode(shadows, forKey: .shadows) }
        try container.encodeIfPresent(rollout, forKey: .rollout)
        try container.encodeIfPresent(engine, forKey: .engine)
        try container.encode(device, forKey: .device)
        try container.encodeIfPresent(precision, forKey: .precision)
        try container.encodeIfPresent(instances, forKey: .instances)
        if batching != BatchingSpec() { try container.encode(batching, forKey: .batching) }
        if limits != LimitSpec() { try container.encode(limits, forKey: .limits) }
        if lifecycle != LifecycleSpec() { try container.encode(lifecycle, forKey: .lifecycle) }
        try container.encodeIfPresent(cacheBytes, forKey: .cacheBytes)
        if language != LanguageSpec() { try container.encode(language, forKey: .language) }
        if monitoring != MonitoringSpec() { try container.encode(monitoring, forKey: .monitoring) }
    }
}

extension StickyKey: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let key = StickyKey(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "write header:NAME, cookie:NAME, client or conversation")
        }
        self = key
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
