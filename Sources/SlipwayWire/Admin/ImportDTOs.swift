// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// How a model is to be imported.
package struct ImportOptions: Sendable, Hashable, Codable {
    /// An engine's name, `auto` for the first that accepts the model, `nil` for the one that usually runs its format.
    package var engine: String?
    /// Type of the numeric inputs of a converted model: `fp32` or `fp64`; `nil` for what the model computes in.
    package var inputType: String?
    /// How far a score may lie from what is expected; `nil` for 1e-5.
    package var tolerance: Double?
    /// The licence of the model, before what its files say.
    package var license: String?
    /// A description of the model as Markdown, before what its files say.
    package var card: String?

    package init() {}
}

/// A model to import.
package struct ImportRequest: Sendable, Hashable {
    /// A file, or a folder that holds one, on the caller's machine.
    package var path: String
    /// More files that data go through after the first: the model behind its vectorizer.
    package var further: [String] = []
    package var model: String
    package var alias: String?
    /// The name to record when `path` is a temporary copy.
    package var sourceName: String?
    /// Class names by output that the file itself does not have; not sent to servers.
    package var classLabels: [String: [String]] = [:]
    /// Rows to run through the model, in a file whose name's ending tells its format.
    package var samples: String?
    /// What the model must answer to the samples, likewise.
    package var expected: String?
    package var options = ImportOptions()

    package init(path: String, model: String, alias: String? = nil, sourceName: String? = nil) {
        self.path = path
        self.model = model
        self.alias = alias
        self.sourceName = sourceName
    }
}

/// What an import made.
package struct ImportDTO: Sendable, Hashable, Codable {
    package var version: VersionDTO
    /// `false` when the same bundle was registered already.
    package var isNew: Bool
    /// What people should know: `not verified: no engine here`.
    package var notes: [String]
    /// What was done to the file; `nil` from earlier servers.
    package var report: ImportReportDTO?

    package init(version: VersionDTO, isNew: Bool, notes: [String], report: ImportReportDTO? = nil) {
        self.version = version
        self.isNew = isNew
        self.notes = notes
        self.report = report
    }
}

/// What an import found out about a model, and what it did to it.
package struct ImportReportDTO: Sendable, Hashable, Codable {
    /// A part of a converted model: an estimator, a layer, a group of trees.
    package struct Step: Sendable, Hashable, Codable {
        /// Where it stands in the model.
        package var path: String
        /// What it is: `StandardScaler`.
        package var kind: String
        package var detail: String

        package init(path: String, kind: String, detail: String) {
            self.path = path
            self.kind = kind
            self.detail = detail
        }
    }

    /// An engine that was asked and did not take the model.
    package struct Refusal: Sendable, Hashable, Codable {
        package var engine: String
        package var reason: String

        package init(engine: String, reason: String) {
            self.engine = engine
            self.reason = reason
        }
    }

    /// What came of running sample rows.
    package struct Samples: Sendable, Hashable, Codable {
        package var rows: Int
        /// Outputs that were compared with what was expected.
        package var compared: [String]
        /// The furthest that a score lay from what was expected.
        package var largestDifference: Double?

        package init(rows: Int, compared: [String] = [], largestDifference: Double? = nil) {
            self.rows = rows
            self.compared = compared
            self.largestDifference = largestDifference
        }
    }

    /// What the file is.
    package var format: String
    /// What the security scan found that does not keep the model from being imported.
    package var findings: [String] = []
    /// Who trained a converted model: `scikit-learn 1.7.2`.
    package var framework: String?
    /// What a converted model's parts became.
    package var steps: [Step] = []
    /// Notes of the conversion.
    package var notes: [String] = []
    /// The engine that loaded the model, with its version; `nil` where none did.
    package var verifiedBy: String?
    package var refusals: [Refusal] = []
    package var samples: Samples?

    package init(format: String) { self.format = format }
}
