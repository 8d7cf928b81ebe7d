// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// A stored version that is to be verified.
package struct VerificationRequest: Sendable, Hashable {
    package var reference: ModelReference
    /// Rows to run through the model, in a file of the caller's machine; `nil` for those of its import, or made-up
    /// ones.
    package var samples: String?
    /// What the model must answer to the samples, likewise.
    package var expected: String?
    package var options: VerificationOptions

    package init(
        _ reference: ModelReference, samples: String? = nil, expected: String? = nil,
        options: VerificationOptions = VerificationOptions()
    ) {
        self.reference = reference
        self.samples = samples
        self.expected = expected
        self.options = options
    }
}

/// How a version is to be verified.
package struct VerificationOptions: Sendable, Hashable, Codable {
    /// An engine's name, `auto` for the first that accepts the model, `nil` for the version's own.
    package var engine: String?
    /// How far a score may lie from what is expected; `nil` for the one of the import, or the usual one.
    package var tolerance: Double?

    package init(engine: String? = nil, tolerance: Double? = nil) {
        self.engine = engine
        self.tolerance = tolerance
    }
}

/// A version that is to be verified with samples that were uploaded.
package struct UploadedVerificationRequest: Sendable, Hashable, Codable {
    package var samples: UploadedImportRequest.File?
    package var expected: UploadedImportRequest.File?
    package var options: VerificationOptions?

    package init(options: VerificationOptions? = nil) { self.options = options }
}

/// What came of verifying a version.
package struct VerificationDTO: Sendable, Hashable, Codable {
    /// Where sample rows came from.
    package enum Origin: String, Sendable, Hashable, Codable, CaseIterable {
        /// The caller's own.
        case given
        /// Those that the version was imported with.
        case stored
        /// Made up from the signature: their answers say only that the model runs.
        case generated
    }

    package var version: VersionDTO
    /// Whether nothing is wrong.
    package var isSound: Bool
    /// What is wrong, a sentence each.
    package var problems: [String]
    /// As an import tells it: engine, refusals, samples, notes.
    package var report: ImportReportDTO
    /// Where the samples of the report came from; `nil` where none were run.
    package var origin: Origin?

    package init(version: VersionDTO, problems: [String], report: ImportReportDTO, origin: Origin? = nil) {
        self.version = version
        isSound = problems.isEmpty
        self.problems = problems
        self.report = report
        self.origin = origin
    }
}
