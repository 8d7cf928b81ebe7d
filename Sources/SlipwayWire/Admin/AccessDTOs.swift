// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// An API key without its secret.
package struct TokenDTO: Sendable, Hashable, Codable {
    package var id: String
    package var role: String
    package var label: String
    package var createdAt: Timestamp
    package var expiresAt: Timestamp?

    package init(id: String, role: String, label: String, createdAt: Timestamp, expiresAt: Timestamp?) {
        self.id = id
        self.role = role
        self.label = label
        self.createdAt = createdAt
        self.expiresAt = expiresAt
    }
}

/// A key to make.
package struct TokenRequest: Sendable, Hashable, Codable {
    /// `viewer`, `operator` or `admin`.
    package var role: String
    package var label: String
    /// Days until it expires; `nil` for never.
    package var days: Int?

    package init(role: String, label: String, days: Int?) {
        self.role = role
        self.label = label
        self.days = days
    }
}

/// A fresh key: the only time its secret is told.
package struct CreatedTokenDTO: Sendable, Hashable, Codable {
    package var token: TokenDTO
    package var secret: String

    package init(token: TokenDTO, secret: String) {
        self.token = token
        self.secret = secret
    }
}

/// Long work: asked for once, looked at until it is done.
package struct OperationDTO: Sendable, Hashable, Codable {
    package var id: String
    /// `import`.
    package var kind: String
    /// `running`, `succeeded` or `failed`.
    package var state: String
    /// 0 to 1.
    package var progress: Double
    /// The reply the work would have given at once.
    package var result: ImportDTO?
    package var error: ErrorDTO?

    package init(
        id: String, kind: String, state: String, progress: Double, result: ImportDTO? = nil, error: ErrorDTO? = nil
    ) {
        self.id = id
        self.kind = kind
        self.state = state
        self.progress = progress
        self.result = result
        self.error = error
    }
}

/// An error of the admin API.
package struct ErrorDTO: Sendable, Hashable, Codable {
    /// A sentence that says what went wrong and how to remedy it.
    package var error: String
    /// The error's code: `notFound`, `inUse`.
    package var code: String
    /// The category that decided the status.
    package var category: String

    package init(error: String, code: String, category: String) {
        self.error = error
        self.code = code
        self.category = category
    }

    /// Any error; one that is not of the house is told as internal, without its details.
    package init(describing error: any Error) {
        guard let error = error as? any SlipwayError else {
            self.init(error: "internal error", code: "internal", category: ErrorCategory.internal.rawValue)
            return
        }
        self.init(error: "\(error)", code: "\(error.code)", category: error.category.rawValue)
    }
}
