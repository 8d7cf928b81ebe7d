// SPDX-License-Identifier: Apache-2.0

/// Where a server listens: `http://host:8080`, with a path in front of its routes if a proxy adds one.
package struct ServerAddress: Sendable, Hashable, CustomStringConvertible {
    package let isSecure: Bool
    /// A name, an IPv4 address, or an IPv6 address without brackets.
    package let host: String
    package let port: Int
    /// Empty, or begins with `/` and does not end with it.
    package let path: String

    /// Reads a URL; without a scheme it is `http`.
    ///
    /// - Throws: ``ClientError`` `invalidRequest` that shows the form.
    package init(parsing text: String) throws(ClientError) {
        var rest = Substring(text)
        if rest.hasPrefix("https://") {
            isSecure = true
            rest = rest.dropFirst("https://".count)
        } else {
            isSecure = false
            if rest.hasPrefix("http://") { rest = rest.dropFirst("http://".count) }
        }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        var tail = rest[slash...]
        while tail.hasSuffix("/") { tail = tail.dropLast() }
        let authority = rest[..<slash]
        guard let (host, port) = Self.split(authority, defaultPort: isSecure ? 443 : 80),
            !text.contains(where: { $0.isWhitespace || $0 == "#" || $0 == "?" || $0 == "@" })
        else {
            throw .invalidRequest("'\(text)' is not a server's address: write http://HOST:PORT")
        }
        self.host = host
        self.port = port
        path = String(tail)
    }

    private static func split(_ authority: Substring, defaultPort: Int) -> (host: String, port: Int)? {
        var host = authority
        var portText: Substring?
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            host = authority[authority.index(after: authority.startIndex)..<end]
            let rest = authority[authority.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
            portText = rest.isEmpty ? nil : rest.dropFirst()
        } else if let colon = authority.lastIndex(of: ":") {
            host = authority[..<colon]
            portText = authority[authority.index(after: colon)...]
            guard !host.contains(":") else { return nil }
        }
        guard !host.isEmpty else { return nil }
        guard let portText else { return (String(host), defaultPort) }
        guard let port = Int(portText), (1...65_535).contains(port) else { return nil }
        return (String(host), port)
    }

    /// Host and port as the `Host` header has them.
    package var authority: String { (host.contains(":") ? "[\(host)]" : host) + ":\(port)" }

    package var description: String { (isSecure ? "https://" : "http://") + authority + path }
}
