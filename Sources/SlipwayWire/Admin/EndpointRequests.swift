// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// What an endpoint is to serve; what is left out stays as it is in force.
package struct DeployRequest: Sendable, Hashable, Codable {
    /// A reference: `fraud:3`, `fraud@champion`.
    package var reference: String
    package var engine: String?
    package var device: String?
    package var precision: InferencePrecision?
    package var instances: InstanceCount?
    /// The version becomes a canary with this share instead of the primary.
    package var canary: Share?
    /// The version becomes a shadow at this rate; the routes stay.
    package var shadow: Share?
    package var sticky: StickyKey?
    /// The version becomes a canary whose share grows by these steps.
    package var rollout: [Rollout.Step]?
    /// The most rows of one engine call.
    package var maximumRows: Int?
    /// `true` to accept a version whose inputs or outputs callers of today do not fit.
    package var allowSignatureChange: Bool?

    package init(
        reference: String, engine: String? = nil, device: String? = nil, instances: InstanceCount? = nil
    ) {
        self.reference = reference
        self.engine = engine
        self.device = device
        precision = nil
        self.instances = instances
        canary = nil
        shadow = nil
        sticky = nil
        rollout = nil
        maximumRows = nil
        allowSignatureChange = nil
    }
}

/// Lanes of a version: a number, or `"auto"` in JSON where the core budget is to decide.
package enum InstanceCount: Sendable, Hashable, Codable, ExpressibleByIntegerLiteral {
    case automatic
    case fixed(Int)

    package init(integerLiteral value: Int) { self = .fixed(value) }

    /// Reads `auto` or a whole number; `nil` for anything else.
    package init?(_ text: String) {
        if text == "auto" {
            self = .automatic
        } else if let number = Int(text) {
            self = .fixed(number)
        } else {
            return nil
        }
    }

    /// `nil` for automatic.
    package var number: Int? {
        if case .fixed(let number) = self { number } else { nil }
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(Int.self) {
            self = .fixed(number)
            return
        }
        guard try container.decode(String.self) == "auto" else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "write a number or auto")
        }
        self = .automatic
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .automatic: try container.encode("auto")
        case .fixed(let number): try container.encode(number)
        }
    }
}

/// The whole desired state of an endpoint.
package struct EndpointSpecRequest: Sendable, Hashable, Codable {
    package var spec: EndpointSpec
    /// The revision that must be in force, 0 for none; `nil` to replace whatever is.
    package var expectedRevision: Int?
    /// `true` to accept versions whose inputs or outputs callers of today do not fit.
    package var allowSignatureChange: Bool

    package init(spec: EndpointSpec, expectedRevision: Int? = nil, allowSignatureChange: Bool = false) {
        self.spec = spec
        self.expectedRevision = expectedRevision
        self.allowSignatureChange = allowSignatureChange
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            spec: try container.decode(EndpointSpec.self, forKey: .spec),
            expectedRevision: try container.decodeIfPresent(Int.self, forKey: .expectedRevision),
            allowSignatureChange: try container.decodeIfPresent(Bool.self, forKey: .allowSignatureChange) ?? false)
    }
}

/// Which version is to become the primary.
package struct PromoteRequest: Sendable, Hashable, Codable {
    /// A reference to a canary, a shadow or a rule's version; `nil` for the only canary.
    package var reference: String?

    package init(reference: String?) { self.reference = reference }
}

/// Where an endpoint is to go back to.
package struct RollbackRequest: Sendable, Hashable, Codable {
    /// `nil` for the latest earlier one that differs and was no step of a rollout.
    package var revision: Int?

    package init(revision: Int?) { self.revision = revision }
}
