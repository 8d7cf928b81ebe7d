// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A shared library of the system, opened when it is first needed and never closed.
struct CompressionLibrary: @unchecked Sendable {
    // Unchecked: the handle is a number that dlsym may use from any thread.
    private let handle: UnsafeMutableRawPointer

    /// `nil` when the system has no such library.
    ///
    /// - Parameter name: As the loader knows it, such as `libzstd.so.1`.
    init?(_ name: String) {
        guard let handle = dlopen(name, RTLD_NOW | RTLD_LOCAL) else { return nil }
        self.handle = handle
    }

    /// The address of an exported function, in the type that the caller knows from the library's header.
    func function<T>(_ name: String, as type: T.Type) -> T? {
        dlsym(handle, name).map { unsafeBitCast($0, to: type) }
    }
}
