// SPDX-License-Identifier: Apache-2.0

import SlipwayClient
import Testing

@Suite struct ServerAddressTests {
    @Test(
        "reads addresses",
        arguments: [
            ("http://127.0.0.1:8082", "http://127.0.0.1:8082"), ("localhost:1", "http://localhost:1"),
            ("http://h", "http://h:80"), ("https://h/", "https://h:443"), ("http://h:5/a/b/", "http://h:5/a/b"),
            ("http://[::1]:8080", "http://[::1]:8080"), ("[::1]", "http://[::1]:80"),
        ])
    func reads(text: String, canonical: String) throws {
        #expect(try ServerAddress(parsing: text).description == canonical)
    }

    @Test(
        "refuses what is no address",
        arguments: [
            "", "http://", "http://:80", "http://h:0", "http://h:65536", "http://h:x", "http://u@h", "http://h?x",
            "::1",
            "http://[::1", "http://[::1]80", "http://a b",
        ])
    func refuses(text: String) {
        #expect(throws: ClientError.self) { try ServerAddress(parsing: text) }
    }
}
