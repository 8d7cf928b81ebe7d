// SPDX-License-Identifier: Apache-2.0

import SlipwayControl
import SlipwayCore
import SlipwayMonitoring
import Testing

@Suite("The receivers' file")
struct MonitoringFileTests {
    @Test("every kind of receiver is read, with secrets by their names only")
    func everything() throws {
        let file = try MonitoringFile.parse(
            """
            receivers:
              oncall: {type: alertmanager, url: "http://am:9093", token_file: /run/token, min_severity: critical}
              hook: {type: webhook, url_env: HOOK_URL, secret_env: HOOK_KEY, deadline: 5s}
              team: {type: slack, url_file: /run/slack}
              post:
                type: mail
                server: smtp.example.com
                from: ml@example.com
                to: [a@example.com, b@example.com]
                username: ml
                password_env: SMTP_PASSWORD
              trainer: {type: retrain, url: "https://train.example.com/start"}
            """, name: "f")
        var oncall = ReceiverSpec(name: "oncall", kind: .alertmanager)
        oncall.url = .plain("http://am:9093")
        oncall.token = .file("/run/token")
        oncall.minimumSeverity = .critical
        var hook = ReceiverSpec(name: "hook", kind: .webhook)
        hook.url = .environment("HOOK_URL")
        hook.secret = .environment("HOOK_KEY")
        hook.deadlineSeconds = 5
        var team = ReceiverSpec(name: "team", kind: .slack)
        team.url = .file("/run/slack")
        var post = ReceiverSpec(name: "post", kind: .mail)
        var mail = MailSpec(
            host: "smtp.example.com", port: 587, security: .startTLS, from: "ml@example.com",
            to: ["a@example.com", "b@example.com"])
        mail.username = "ml"
        post.mail = mail
        post.secret = .environment("SMTP_PASSWORD")
        var trainer = ReceiverSpec(name: "trainer", kind: .retrain)
        trainer.url = .plain("https://train.example.com/start")
        #expect(file.receivers == [oncall, hook, team, post, trainer])
    }

    @Test(
        "servers of mail have the usual ports of their kind of TLS",
        arguments: [
            ("server: h", "h", 587), ("server: h, tls: implicit", "h", 465), ("server: h, tls: none", "h", 25),
            ("server: \"h:2525\"", "h", 2525), ("server: \"[::1]:26\"", "::1", 26),
        ])
    func servers(entry: String, host: String, port: Int) throws {
        let file = try MonitoringFile.parse(
            "receivers:\n  m: {type: mail, \(entry), from: a@b.c, to: [d@e.f]}\n", name: "f")
        #expect(file.receivers.first?.mail?.host == host && file.receivers.first?.mail?.port == port)
    }

    @Test(
        "the admin listener's address is read without the slash at its end",
        arguments: [
            ("", nil), ("admin_url: https://ml.example.com/slipway/\n", "https://ml.example.com/slipway"),
            ("admin_url: \"http://[::1]:8082\"\n", "http://[::1]:8082"),
        ] as [(String, String?)])
    func adminURL(line: String, expected: String?) throws {
        let file = try MonitoringFile.parse(line + "receivers:\n  a: {type: slack, url_env: A}\n", name: "f")
        #expect(file.adminURL == expected && file.receivers.count == 1)
    }

    @Test(
        "mistakes are told with their line",
        arguments: [
            ("", ["f:1: the file is empty, expected 'receivers:'"]),
            ("receiver: {}", ["f:1: unknown key 'receiver' in the file, did you mean 'receivers'?"]),
            (
                "admin_url: ml.example.com\nreceivers:\n  a: {type: slack, url_env: A}",
                ["f:1: 'admin_url' is no URL: write http://HOST:PORT or https://HOST"]
            ),
            ("receivers: []", ["f:1: 'receivers' takes a mapping from names to where they are"]),
            ("receivers:\n  a: {type: slak, url: \"http://h\"}", ["f:2: 'type' is 'slak', did you mean 'slack'?"]),
            ("receivers:\n  a: {type: slack}", ["f:2: receiver 'a' has no 'url', 'url_env' or 'url_file'"]),
            (
                "receivers:\n  a: {type: slack, url: hooks}",
                [
                    "f:2: 'url' is no URL: write http://HOST/PATH or https://HOST/PATH",
                    "f:2: receiver 'a' has no 'url', 'url_env' or 'url_file'",
                ]
            ),
            (
                "receivers:\n  a: {type: webhook, url_env: A, url_file: b}",
                ["f:2: receiver 'a' has 'url_env' and 'url_file': leave one out"]
            ),
            (
                "receivers:\n  a: {type: webhook, url_env: A, secret_en: b}",
                ["f:2: unknown key 'secret_en' in receiver 'a', did you mean 'secret_env'?"]
            ),
            (
                "receivers:\n  a: {type: mail, server: h, from: a, to: [b@c]}",
                ["f:2: 'a' is no mail address: write name@example.com"]
            ),
            (
                "receivers:\n  a: {type: mail, server: \"h:x\", from: a@b, to: [b@c]}",
                ["f:2: 'server' is 'h:x', expected HOST or HOST:PORT"]
            ),
            (
                "receivers:\n  a: {type: mail, server: h, from: a@b, to: [b@c], username: u}",
                ["f:2: receiver 'a' has a 'username', and neither 'password_env' nor 'password_file'"]
            ),
            (
                "receivers:\n  a: {type: slack, url_env: A, deadline: 1h}",
                ["f:2: 'deadline' is 3600.0 seconds, expected 100ms to 10m"]
            ),
        ])
    func mistakes(text: String, problems: [String]) {
        do throws(ControlError) {
            _ = try MonitoringFile.parse(text, name: "f")
            Issue.record("nothing was refused")
        } catch {
            #expect(error.message.split(separator: "\n").map(String.init) == problems)
        }
    }
}
