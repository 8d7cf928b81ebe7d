// SPDX-License-Identifier: Apache-2.0

import GRDB
import SlipwayRegistry

extension RegistryError {
    /// An error of the database in the registry's terms; the registry's own and cancellations stay as they are.
    package static func mapped(_ error: any Error, path: String) -> any Error {
        if error is RegistryError || error is CancellationError { return error }
        guard let error = error as? DatabaseError else { return damaged(path, cause: error) }
        switch error.resultCode {
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            return RegistryError(
                .storeUnavailable, "the registry is locked by another process: try again when it has finished",
                cause: error, location: path)
        case .SQLITE_FULL:
            return RegistryError(
                .storeFull, "the registry cannot grow, there is no room: free some space or run 'slipway gc'",
                cause: error, location: path)
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            return damaged(path, cause: error)
        case .SQLITE_CONSTRAINT:
            return RegistryError(
                .conflict, "the registry refused a change that contradicts its rules: somebody else changed it",
                cause: error, location: path)
        case .SQLITE_MISUSE:
            return RegistryError(.storeUnavailable, "the registry was closed", cause: error, location: path)
        case .SQLITE_PERM, .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_AUTH:
            return RegistryError(
                .storeUnavailable, "the registry cannot be opened for writing: check its owner and permissions",
                cause: error, location: path)
        default:
            return RegistryError(
                .storeUnavailable, "the registry's database failed: look at the disk it is on", cause: error,
                location: path)
        }
    }

    static func damaged(_ path: String, cause: (any Error)? = nil) -> RegistryError {
        RegistryError(
            .corrupt,
            "the registry is damaged or not a registry at all: move it away and restore it from a 'slipway backup'",
            cause: cause, location: path)
    }

    static func tooNew(_ path: String) -> RegistryError {
        RegistryError(
            .storeTooNew,
            "the registry was written by a newer Slipway: use that one, or restore a 'slipway backup' made before",
            location: path)
    }
}
