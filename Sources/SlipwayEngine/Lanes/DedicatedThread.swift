// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A thread of its own for work that blocks.
package enum DedicatedThread {
    /// Starts a detached thread that runs `body` and ends; it takes no signals, which are the main thread's matter.
    ///
    /// - Parameters:
    ///   - name: For debuggers and `top`; the kernel keeps the first 15 bytes.
    ///   - niceness: Added to the thread's priority number; more is less urgent. Threads that `body` starts inherit it.
    /// - Throws: ``EngineError`` `outOfMemory` when the system has no thread left.
    package static func start(
        name: String, niceness: Int32 = 0, _ body: @escaping @Sendable () -> Void
    ) throws(EngineError) {
        let start = Unmanaged.passRetained(Start(name: name, niceness: niceness, body: body))
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        var thread = pthread_t()
        let code = pthread_create(&thread, &attributes, { Self.enter($0) }, start.toOpaque())
        guard code == 0 else {
            start.release()
            throw EngineError(
                code: .outOfMemory,
                message: "cannot start thread '\(name)': \(String(cString: strerror(code))). "
                    + "Raise the process's thread limit (ulimit -u, TasksMax=)")
        }
    }

    private static func enter(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let argument else { return nil }
        let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
        var signals = sigset_t()
        sigfillset(&signals)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        nameThisThread(start.name)
        if start.niceness != 0 {
            // Linux keeps niceness for each thread: 0 is the calling one.
            let thisThread = __priority_which_t(PRIO_PROCESS.rawValue)
            setpriority(thisThread, 0, getpriority(thisThread, 0) + start.niceness)
        }
        start.body()
        return nil
    }

    /// Through the file system, for the C library's own call is not visible from Swift.
    private static func nameThisThread(_ name: String) {
        let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        defer { close(file) }
        let bytes = Array(name.utf8.prefix(15))
        _ = bytes.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
    }

    private final class Start: Sendable {
        let name: String
        let niceness: Int32
        let body: @Sendable () -> Void

        init(name: String, niceness: Int32, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.niceness = niceness
            self.body = body
        }
    }
}
