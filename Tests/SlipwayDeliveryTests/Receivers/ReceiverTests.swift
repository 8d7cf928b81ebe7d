// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1
import SlipwayCore
import SlipwayDelivery
import SlipwayMonitoring
import SlipwaySecurity
import Testing

@Suite("Receivers of notices over HTTP")
struct ReceiverTests {
    static let now: @Sendable () -> Timestamp = { Notices.at }

    @Test("an Alertmanager gets labels, annotations and times as its API v2 takes them")
    func alertmanager() async throws {
        try await StubReceiverServer.run { server in
            let receiver = try AlertmanagerReceiver(
                name: "am", url: server.url + "/prefix/", token: "t", dashboard: "http://admin")
            try await receiver.deliver(
                Notices.notice([Notices.alert(), Notices.alert(nil, state: .resolved)]), deadline: .seconds(120))
            let call = try #require(server.received.first)
            #expect(call.method == "POST" && call.uri == "/prefix/api/v2/alerts")
            #expect(call.headers["authorization"] == ["Bearer t"])
            #expect(call.headers["content-type"] == ["application/json"])
            let fingerprint = Notices.alert().fingerprint
            let first =
                #"{"annotations":{"description":"age: median 34 -> 51","examples":"r-1, r-2","method":"10 groups","#
                + #""summary":"psi of 'age' is 0.4"},"endsAt":"2026-11-21T17:00:00.250Z","#
                + #""generatorURL":"http://admin","labels":{"alertname":"drift","endpoint":"fraud","#
                + #""fingerprint":"\#(fingerprint)","job":"slipway","model_version":"fraud:4","severity":"warning","#
                + #""signal":"psi","subject":"age"},"startsAt":"2026-11-21T11:59:00.250Z"}"#
            #expect(call.text.hasPrefix("[" + first))
            #expect(call.text.contains(#""endsAt":"2026-11-21T12:00:00.250Z""#))
        }
    }

    @Test("an Alertmanager gets many alerts in several calls")
    func batches() async throws {
        try await StubReceiverServer.run { server in
            let receiver = try AlertmanagerReceiver(name: "am", url: server.url)
            let alerts = (0..<450).map { Notices.alert("c\($0)") }
            try await receiver.deliver(Notices.notice(alerts), deadline: .seconds(120))
            #expect(server.received.count == 3)
        }
    }

    @Test("a webhook can tell that a call is ours, and when it was made")
    func webhook() async throws {
        try await StubReceiverServer.run { server in
            let receiver = try WebhookReceiver(name: "w", url: server.url + "/hook", secret: "key", now: Self.now)
            try await receiver.deliver(Notices.notice(), deadline: .seconds(120))
            let call = try #require(server.received.first)
            #expect(call.uri == "/hook" && call.headers["x-slipway-timestamp"] == ["1795262400"])
            let code = MessageCode.hmacSHA256(of: Array("1795262400.".utf8) + call.body, key: Array("key".utf8))
            let digits = code.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            #expect(call.headers["x-slipway-signature"] == ["v1=" + digits])
            #expect(call.text.contains(#""event":"alert""#) && call.text.contains(#""value":0.4"#))
            #expect(call.text.contains(#""summary":"psi of 'age' is 0.4""#))
        }
    }

    @Test("the code of RFC 4231, test case 2")
    func messageCode() {
        let code = MessageCode.hmacSHA256(of: Array("what do ya want for nothing?".utf8), key: Array("Jefe".utf8))
        #expect(code.prefix(8) == [0x5B, 0xDC, 0xC1, 0x46, 0xBF, 0x60, 0x75, 0x4E])
    }

    @Test("numbers that JSON does not have are left out")
    func notNumbers() throws {
        var alert = Notices.alert()
        alert.reading.value = .nan
        alert.threshold = .infinity
        let text = String(decoding: try NoticePayload(Notices.notice([alert])).encode(), as: UTF8.self)
        #expect(!text.contains(#""value""#) && !text.contains(#""threshold""#))
    }

    @Test("a call to retrain names the address of the labelled export")
    func retrain() async throws {
        try await StubReceiverServer.run { server in
            let call = try RetrainCall(
                name: "r", url: server.url, export: { "http://admin/export/\($0)" }, now: Self.now)
            try await call.deliver(Notices.notice(), deadline: .seconds(120))
            let text = try #require(server.received.first?.text)
            #expect(text.contains(#""event":"retrain""#))
            #expect(text.contains(#""export":"http://admin/export/fraud""#))
        }
    }

    @Test("Slack gets lines in which names of columns are no links")
    func slack() async throws {
        try await StubReceiverServer.run { server in
            let receiver = try SlackReceiver(name: "s", url: server.url)
            let alert = Notices.alert(summary: "psi of '\u{600}<!channel>&\n' is 0.4")
            try await receiver.deliver(Notices.notice([alert]), deadline: .seconds(120))
            #expect(
                server.received.first?.text
                    == #"{"text":"*[warning] drift on endpoint fraud: 1 firing*\n"#
                    + #"• firing: psi of ' &lt;!channel&gt;&amp; ' is 0.4"}"#)
        }
    }

    @Test(
        "a status says whether trying again may help",
        arguments: [
            (500, ErrorCategory.unavailable), (503, .unavailable), (429, .unavailable), (400, .invalidInput),
            (401, .unauthenticated), (403, .forbidden), (404, .invalidInput),
        ])
    func statuses(status: Int, category: ErrorCategory) async throws {
        try await StubReceiverServer.run(.status(status)) { server in
            let receiver = try SlackReceiver(name: "s", url: server.url)
            let error = await #expect(throws: DeliveryError.self) {
                try await receiver.deliver(Notices.notice(), deadline: .seconds(120))
            }
            #expect(error?.code == .refused && error?.category == category)
        }
    }

    @Test("redirects are not followed")
    func redirects() async throws {
        try await StubReceiverServer.run { target in
            try await StubReceiverServer.run(.redirect(target.url)) { server in
                let receiver = try SlackReceiver(name: "s", url: server.url)
                await #expect(throws: DeliveryError.self) {
                    try await receiver.deliver(Notices.notice(), deadline: .seconds(120))
                }
                #expect(target.received.isEmpty)
            }
        }
    }

    @Test("a server that hangs is given up at the deadline, and one that hangs up at once")
    func faults() async throws {
        for (manner, code) in [
            (StubReceiverServer.Manner.silence, DeliveryError.Code.timedOut), (.hangUp, .unreachable),
        ] {
            try await StubReceiverServer.run(manner) { server in
                let receiver = try SlackReceiver(name: "s", url: server.url)
                let error = await #expect(throws: DeliveryError.self) {
                    try await receiver.deliver(Notices.notice(), deadline: .milliseconds(200))
                }
                #expect(error?.code == code)
            }
        }
    }

    @Test(
        "addresses that are none are refused when the settings are read",
        arguments: ["", "ftp://h/", "http://", "http://a b/", "http://h/\r\nx: y", "host:80"])
    func addresses(url: String) {
        #expect(throws: DeliveryError.self) { try SlackReceiver(name: "s", url: url) }
    }

    @Test("messages name the host, not the path with its secret")
    func shown() throws {
        let poster = try HTTPPoster(url: "https://user:pw@hooks.example.com:444/services/SECRET?k=SECRET")
        #expect(poster.shownURL == "https://hooks.example.com:444")
    }

    @Test("the factory makes what the file names, with secrets from where they are")
    func factory() throws {
        let factory = ReceiverFactory(
            secret: { source in
                if case .plain(let text) = source { return text }
                return "http://secret/"
            }, adminURL: "http://admin", exportPath: { "/x/\($0)" }, now: Self.now)
        var spec = ReceiverSpec(name: "s", kind: .slack)
        spec.url = .environment("SLACK")
        spec.minimumSeverity = .critical
        let made = try factory.make(spec)
        #expect(made.receiver.name == "s" && made.minimumSeverity == .critical && made.takesUnnamed)
        var retrain = ReceiverSpec(name: "t", kind: .retrain)
        #expect(throws: DeliveryError.self) { try factory.make(retrain) }
        retrain.url = .plain("http://t/")
        #expect(try factory.make(retrain).takesUnnamed == false)
    }
}
