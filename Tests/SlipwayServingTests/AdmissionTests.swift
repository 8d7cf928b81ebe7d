// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayServing
import Testing

@Suite("Admission")
struct AdmissionTests {
    @Test("counts requests and bytes, and refuses beyond either limit")
    func limits() {
        var ledger = AdmissionLedger(maximumRequests: 2, maximumBytes: 100)
        #expect(ledger.admit(bytes: 60) == nil)
        #expect(ledger.admit(bytes: 41) == .bytes(limit: 100))
        #expect(ledger.admit(bytes: 40) == nil)
        #expect(ledger.admit(bytes: 0) == .requests(limit: 2))
        #expect((ledger.requests, ledger.bytes, ledger.refused) == (2, 100, 2))
        ledger.release(bytes: 60)
        #expect(ledger.admit(bytes: 60) == nil)
        ledger.release(bytes: 60)
        ledger.release(bytes: 40)
        #expect((ledger.requests, ledger.bytes) == (0, 0))
    }

    @Test("a single request above the byte limit is let in alone", arguments: [101, Int.max])
    func oversized(bytes: Int) {
        var ledger = AdmissionLedger(maximumRequests: 10, maximumBytes: 100)
        #expect(ledger.admit(bytes: bytes) == nil)
        #expect(ledger.admit(bytes: 1) == .bytes(limit: 100))
        ledger.release(bytes: bytes)
        #expect(ledger.admit(bytes: 1) == nil)
        #expect(ledger.admit(bytes: bytes) == .bytes(limit: 100))
    }

    @Test("a limit of none admits none")
    func zero() {
        var ledger = AdmissionLedger(maximumRequests: 0, maximumBytes: 100)
        #expect(ledger.admit(bytes: 0) == .requests(limit: 0))
    }

    @Test("a permit gives its place back when it goes, also when its holder throws")
    func permits() throws {
        struct Stop: Error {}
        let controller = AdmissionController(maximumRequests: 1, maximumBytes: 10)
        func hold(_ fails: Bool) throws {
            let permit = try controller.admit(bytes: 4, endpoint: "e")
            defer { withExtendedLifetime(permit) {} }
            #expect(controller.load.requests == 1)
            #expect(controller.load.bytes == 4)
            if fails { throw Stop() }
        }
        try hold(false)
        #expect(throws: Stop.self) { try hold(true) }
        #expect(controller.load.requests == 0)
        #expect(controller.load.bytes == 0)
        try hold(false)
    }

    @Test("a refusal names the endpoint and the limit, and is told as overload")
    func refusal() throws {
        let controller = AdmissionController(maximumRequests: 1, maximumBytes: 10)
        let permit = try controller.admit(bytes: 4, endpoint: "e")
        let error = #expect(throws: ServingError.self) { _ = try controller.admit(bytes: 1, endpoint: "e") }
        #expect(error?.code == .overloaded)
        #expect(error?.category == .unavailable)
        #expect(error?.message.contains("'e'") == true && error?.message.contains("1 requests") == true)
        #expect(controller.load.refused == 1)
        withExtendedLifetime(permit) {}
    }
}
