// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A UDP socket that sends to one address and never waits.
package final class DatagramSocket: Sendable {
    private let descriptor: Int32

    /// Looks the host's name up, which may block: not on the cooperative pool.
    ///
    /// - Throws: ``TelemetryError`` `unreachable` when there is no such host.
    package init(host: String, port: Int) throws(TelemetryError) {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_DGRAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, String(port), &hints, &found)
        guard status == 0, let first = found else {
            throw .unreachable(host, port, String(cString: gai_strerror(status)))
        }
        defer { freeaddrinfo(first) }
        var next: UnsafeMutablePointer<addrinfo>? = first
        while let candidate = next?.pointee {
            next = candidate.ai_next
            let type = Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
            let opened = socket(candidate.ai_family, type, 0)
            guard opened >= 0 else { continue }
            if connect(opened, candidate.ai_addr, candidate.ai_addrlen) == 0 {
                descriptor = opened
                return
            }
            close(opened)
        }
        throw .unreachable(host, port, "no address of it can be used")
    }

    deinit { close(descriptor) }

    /// `false` when the kernel did not take it: its buffer is full, or nobody listened to the one before.
    package func send(_ datagram: [UInt8]) -> Bool {
        datagram.withUnsafeBytes { bytes in
            Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
                == bytes.count
        }
    }
}
