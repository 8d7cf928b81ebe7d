// SPDX-License-Identifier: Apache-2.0

import GRDB

extension SchemaMigrations {
    /// Models, versions, aliases, endpoints, replicas, keys and the counter that tells of changes.
    static func createRegistry(_ db: Database) throws {
        try db.execute(sql: versionTables)
        try db.execute(sql: endpointTables)
        try db.execute(sql: changeCounter)
    }

    private static let versionTables = """
        CREATE TABLE models (
            name TEXT NOT NULL PRIMARY KEY,
            next_number INTEGER NOT NULL CHECK (next_number >= 1)
        ) STRICT;

        CREATE TABLE versions (
            model TEXT NOT NULL REFERENCES models (name),
            number INTEGER NOT NULL CHECK (number >= 1),
            digest TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            format TEXT NOT NULL,
            engine TEXT NOT NULL,
            signature TEXT NOT NULL,
            primary_path TEXT NOT NULL,
            lineage TEXT NOT NULL,
            metadata TEXT NOT NULL,
            PRIMARY KEY (model, number),
            UNIQUE (model, digest)
        ) STRICT;

        CREATE TABLE version_files (
            model TEXT NOT NULL,
            number INTEGER NOT NULL,
            position INTEGER NOT NULL,
            path TEXT NOT NULL,
            digest TEXT NOT NULL,
            byte_count INTEGER NOT NULL CHECK (byte_count >= 0),
            PRIMARY KEY (model, number, position),
            UNIQUE (model, number, path),
            FOREIGN KEY (model, number) REFERENCES versions (model, number) ON DELETE CASCADE
        ) STRICT;

        CREATE TRIGGER versions_never_change BEFORE UPDATE ON versions
        BEGIN SELECT RAISE(ABORT, 'versions are immutable'); END;

        CREATE TRIGGER version_files_never_change BEFORE UPDATE ON version_files
        BEGIN SELECT RAISE(ABORT, 'versions are immutable'); END;

        CREATE TABLE aliases (
            model TEXT NOT NULL,
            alias TEXT NOT NULL,
            version INTEGER NOT NULL,
            PRIMARY KEY (model, alias),
            FOREIGN KEY (model, version) REFERENCES versions (model, number)
        ) STRICT;

        CREATE TABLE alias_events (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT,
            model TEXT NOT NULL,
            alias TEXT NOT NULL,
            from_version INTEGER,
            to_version INTEGER,
            at INTEGER NOT NULL
        ) STRICT;

        CREATE INDEX alias_events_by_model ON alias_events (model, sequence);

        CREATE TRIGGER alias_events_never_change BEFORE UPDATE ON alias_events
        BEGIN SELECT RAISE(ABORT, 'the history of aliases is append-only'); END;

        CREATE TRIGGER alias_events_never_go BEFORE DELETE ON alias_events
        BEGIN SELECT RAISE(ABORT, 'the history of aliases is append-only'); END;
        """

    private static let endpointTables = """
        CREATE TABLE endpoint_revisions (
            endpoint TEXT NOT NULL,
            number INTEGER NOT NULL CHECK (number >= 1),
            spec TEXT,
            created_at INTEGER NOT NULL,
            reason TEXT NOT NULL,
            PRIMARY KEY (endpoint, number)
        ) STRICT;

        CREATE TRIGGER endpoint_revisions_never_change BEFORE UPDATE ON endpoint_revisions
        BEGIN SELECT RAISE(ABORT, 'endpoint revisions are append-only'); END;

        CREATE TRIGGER endpoint_revisions_never_go BEFORE DELETE ON endpoint_revisions
        BEGIN SELECT RAISE(ABORT, 'endpoint revisions are append-only'); END;

        CREATE TABLE replicas (
            id TEXT NOT NULL PRIMARY KEY,
            started_at INTEGER NOT NULL,
            report TEXT NOT NULL
        ) STRICT;

        CREATE TABLE keys (
            id TEXT NOT NULL PRIMARY KEY,
            role TEXT NOT NULL,
            label TEXT NOT NULL,
            secret_hash TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            expires_at INTEGER
        ) STRICT;
        """

    /// `PRAGMA data_version` moves with every commit of another connection, reports of replicas among them; this
    /// counter moves only with what replicas must react to.
    private static let changeCounter = """
        CREATE TABLE change_counter (
            id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
            value INTEGER NOT NULL
        ) STRICT;

        INSERT INTO change_counter (id, value) VALUES (1, 0);

        CREATE TRIGGER count_version_insert AFTER INSERT ON versions
        BEGIN UPDATE change_counter SET value = value + 1; END;

        CREATE TRIGGER count_version_delete AFTER DELETE ON versions
        BEGIN UPDATE change_counter SET value = value + 1; END;

        CREATE TRIGGER count_alias_event AFTER INSERT ON alias_events
        BEGIN UPDATE change_counter SET value = value + 1; END;

        CREATE TRIGGER count_revision AFTER INSERT ON endpoint_revisions
        BEGIN UPDATE change_counter SET value = value + 1; END;
        """
}
