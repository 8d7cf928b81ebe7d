// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayMonitoring
import Yams

/// The receivers of `monitoring.yaml`.
extension EndpointFileReader {
    private static let common = ["type", "min_severity", "deadline"]
    /// What each kind takes besides.
    private static let keys: [ReceiverSpec.Kind: [String]] = [
        .alertmanager: ["url", "url_env", "url_file", "token_env", "token_file"],
        .webhook: ["url", "url_env", "url_file", "secret_env", "secret_file", "token_env", "token_file"],
        .slack: ["url", "url_env", "url_file"],
        .mail: ["server", "tls", "from", "to", "username", "password_env", "password_file"],
        .retrain: ["url", "url_env", "url_file", "secret_env", "secret_file", "token_env", "token_file"],
    ]
    private static let kinds = ReceiverSpec.Kind.allCases.map(\.rawValue)

    mutating func readMonitoring(_ root: Node) -> (receivers: [ReceiverSpec], adminURL: String?) {
        let found = fields(of: root, known: ["receivers", "admin_url"], named: "the file")
        let adminURL = readAdminURL(found["admin_url"])
        guard let mapping = found["receivers"] else {
            if root.mapping != nil, problems.list.isEmpty { problems.add(Self.line(root), "expected 'receivers:'") }
            return ([], adminURL)
        }
        return (readReceivers(mapping), adminURL)
    }

    /// Without the slash at its end.
    private mutating func readAdminURL(_ field: Field?) -> String? {
        guard let field, let text = text(field, named: "admin_url") else { return nil }
        var url = text[...]
        while url.hasSuffix("/") { url = url.dropLast() }
        let host = ["http://", "https://"].first { url.lowercased().hasPrefix($0) }.map { url.dropFirst($0.utf8.count) }
        guard let host, !host.isEmpty, !host.hasPrefix("/"), url.utf8.count <= 2048,
            url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !"?#@".utf8.contains($0) })
        else {
            problems.add(field.line, "'admin_url' is no URL: write http://HOST:PORT or https://HOST")
            return nil
        }
        return String(url)
    }

    private mutating func readReceivers(_ mapping: Field) -> [ReceiverSpec] {
        guard let items = mapping.value.mapping, !items.isEmpty else {
            problems.add(mapping.line, "'receivers' takes a mapping from names to where they are")
            return []
        }
        guard items.count <= EndpointCheck.maximumEntries else {
            problems.add(
                mapping.line,
                "the file has \(items.count) receivers, expected \(EndpointCheck.maximumEntries) at most")
            return []
        }
        var receivers: [ReceiverSpec] = []
        for (key, value) in items {
            if let receiver = readReceiver(key, value) { receivers.append(receiver) }
        }
        return receivers
    }

    private mutating func readReceiver(_ key: Node, _ node: Node) -> ReceiverSpec? {
        let (name, line) = (key.scalar?.string ?? "", Self.line(key))
        do throws(ReferenceError) {
            try ModelReference.checkName(name)
        } catch {
            problems.add(line, error.message)
            return nil
        }
        let owner = "receiver '\(name)'"
        guard let mapping = node.mapping else {
            problems.add(line, "\(owner) takes keys with values: \(Self.common.joined(separator: ", ")), ...")
            return nil
        }
        guard let type = mapping.first(where: { $0.key.scalar?.string == "type" })?.value else {
            problems.add(line, "\(owner) has no 'type'" + NearestWord.hint("", among: Self.kinds))
            return nil
        }
        let field = Field(line: Self.line(type), value: type)
        guard let word = word(field, named: "type", among: Self.kinds, owner: nil),
            let kind = ReceiverSpec.Kind(rawValue: word)
        else { return nil }
        let values = fields(of: node, known: Self.common + (Self.keys[kind] ?? []), named: owner)
        var receiver = ReceiverSpec(name: name, kind: kind)
        readCommon(values, into: &receiver)
        if kind == .mail {
            receiver.mail = readMail(values, owner: owner, line: line)
            receiver.secret = source("password", values, owner: owner)
            if receiver.mail?.username != nil, receiver.secret == nil {
                problems.add(line, "\(owner) has a 'username', and neither 'password_env' nor 'password_file'")
            }
        } else {
            receiver.url = source("url", values, owner: owner)
            receiver.secret = source("secret", values, owner: owner)
            receiver.token = source("token", values, owner: owner)
            if receiver.url == nil { problems.add(line, "\(owner) has no 'url', 'url_env' or 'url_file'") }
        }
        return receiver
    }

    private mutating func readCommon(_ values: [String: Field], into receiver: inout ReceiverSpec) {
        let known = AlertRule.Severity.allCases.map(\.rawValue)
        if let text = word(values["min_severity"], named: "min_severity", among: known, owner: nil) {
            receiver.minimumSeverity = AlertRule.Severity(rawValue: text) ?? .info
        }
        guard let entry = values["deadline"], let seconds = seconds(entry, named: "deadline") else { return }
        guard (0.1...600).contains(seconds) else {
            return problems.add(entry.line, "'deadline' is \(seconds) seconds, expected 100ms to 10m")
        }
        receiver.deadlineSeconds = seconds
    }

    /// `url`, `url_env` or `url_file`; secrets have no plain form.
    private mutating func source(_ name: String, _ values: [String: Field], owner: String) -> SecretSource? {
        let given = [name, "\(name)_env", "\(name)_file"].filter { values[$0] != nil }
        guard let key = given.first, let entry = values[key], let text = text(entry, named: key) else { return nil }
        if given.count > 1 {
            problems.add(values[given[1]]?.line ?? entry.line, "\(owner) has '\(key)' and '\(given[1])': leave one out")
        }
        guard (1...4096).contains(text.utf8.count) else {
            problems.add(entry.line, "'\(key)' is empty or too long")
            return nil
        }
        if key.hasSuffix("_env") { return .environment(text) }
        if key.hasSuffix("_file") { return .file(text) }
        guard text.lowercased().hasPrefix("http://") || text.lowercased().hasPrefix("https://") else {
            problems.add(entry.line, "'\(key)' is no URL: write http://HOST/PATH or https://HOST/PATH")
            return nil
        }
        return .plain(text)
    }

    private mutating func readMail(_ values: [String: Field], owner: String, line: Int) -> MailSpec? {
        for key in ["server", "from", "to"] where values[key] == nil {
            problems.add(line, "\(owner) has no '\(key)'")
        }
        let known = MailSpec.Security.allCases.map(\.rawValue)
        let tls = word(values["tls"], named: "tls", among: known, owner: nil)
        let security = tls.flatMap { MailSpec.Security(rawValue: $0) } ?? .startTLS
        let to = words(values["to"], named: "to", example: "[oncall@example.com]")
        guard let entry = values["server"], let server = text(entry, named: "server"),
            let from = text(values["from"], named: "from"), values["to"] != nil
        else { return nil }
        guard let (host, port) = Self.server(server, security: security) else {
            problems.add(entry.line, "'server' is '\(server.prefix(64))', expected HOST or HOST:PORT")
            return nil
        }
        for address in [from] + to where !address.contains("@") || address.contains(where: \.isWhitespace) {
            let place = address == from ? values["from"] : values["to"]
            problems.add(
                place?.line ?? line, "'\(address.prefix(64))' is no mail address: write name@example.com")
        }
        var mail = MailSpec(host: host, port: port, security: security, from: from, to: to)
        mail.username = text(values["username"], named: "username")
        return mail
    }

    /// `smtp.example.com`, `127.0.0.1:25`, `[::1]:25`; the usual ports of each kind of TLS.
    private static func server(_ text: String, security: MailSpec.Security) -> (host: String, port: Int)? {
        let usual =
            switch security {
            case .startTLS: 587
            case .implicit: 465
            case .none: 25
            }
        var (host, tail) = (text[...], Substring())
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            host = text[text.index(after: text.startIndex)..<end]
            tail = text[text.index(after: end)...]
        } else if let colon = text.firstIndex(of: ":") {
            host = text[..<colon]
            tail = text[colon...]
        }
        guard !host.isEmpty, !host.contains(where: \.isWhitespace), tail.isEmpty || tail.hasPrefix(":") else {
            return nil
        }
        guard !tail.isEmpty else { return (String(host), usual) }
        guard let port = Int(tail.dropFirst()), (1...65_535).contains(port) else { return nil }
        return (String(host), port)
    }
}
