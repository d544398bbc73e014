-- What is remembered of the installation, of each target app and of each directory.
-- Times are RFC 3339 in UTC with nine decimals, so that they sort as texts; truth is 0 or 1; a list within a row is JSON.

CREATE TABLE writer (
    id BIGINT PRIMARY KEY,
    epoch BIGINT NOT NULL,
    holder TEXT NOT NULL,
    held_until TEXT
);

INSERT INTO writer (id, epoch, holder, held_until) VALUES (1, 0, '', NULL);

CREATE TABLE apps (
    app TEXT PRIMARY KEY,
    sequence BIGINT NOT NULL DEFAULT 0,
    status_sequence BIGINT,
    decisions_used BIGINT NOT NULL DEFAULT 0,
    first_removals_decided BIGINT NOT NULL DEFAULT 0,
    restored BIGINT NOT NULL DEFAULT 0,
    has_complete BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE inventory (
    app TEXT NOT NULL REFERENCES apps (app),
    person TEXT NOT NULL,
    slot_type TEXT NOT NULL,
    slot_name TEXT NOT NULL,
    account TEXT NOT NULL,
    level TEXT,
    origin TEXT NOT NULL,
    since TEXT NOT NULL,
    claims TEXT NOT NULL,
    ends TEXT,
    suspended_since TEXT,
    suspended_cause TEXT,
    unseen BIGINT NOT NULL,
    PRIMARY KEY (app, person, slot_type, slot_name)
);

CREATE TABLE tombstones (
    app TEXT NOT NULL REFERENCES apps (app),
    person TEXT NOT NULL,
    slot_type TEXT NOT NULL,
    slot_name TEXT NOT NULL,
    account TEXT NOT NULL,
    removed_at TEXT NOT NULL,
    cause TEXT NOT NULL,
    PRIMARY KEY (app, person, slot_type, slot_name)
);

CREATE TABLE withdrawn (
    app TEXT NOT NULL REFERENCES apps (app),
    person TEXT NOT NULL,
    slot_type TEXT NOT NULL,
    slot_name TEXT NOT NULL,
    since TEXT NOT NULL,
    refused BIGINT NOT NULL,
    PRIMARY KEY (app, person, slot_type, slot_name)
);

CREATE TABLE flips (
    app TEXT NOT NULL REFERENCES apps (app),
    person TEXT NOT NULL,
    slot_type TEXT NOT NULL,
    slot_name TEXT NOT NULL,
    found_at TEXT NOT NULL,
    PRIMARY KEY (app, person, slot_type, slot_name, found_at)
);

CREATE TABLE refused_claims (
    app TEXT NOT NULL REFERENCES apps (app),
    claim TEXT NOT NULL,
    since TEXT NOT NULL,
    PRIMARY KEY (app, claim)
);

-- Who lost (direction `removal`) or gained (`addition`) something: the budgets.
CREATE TABLE budget (
    app TEXT NOT NULL REFERENCES apps (app),
    direction TEXT NOT NULL,
    counted_at TEXT NOT NULL,
    who TEXT NOT NULL,
    PRIMARY KEY (app, direction, counted_at, who)
);

CREATE TABLE holds (
    app TEXT NOT NULL REFERENCES apps (app),
    digest TEXT NOT NULL,
    shown_at TEXT NOT NULL,
    lines TEXT NOT NULL,
    PRIMARY KEY (app, digest)
);

-- Decisions on a hold of an app (scope `app`) or on a directory's breaker (`directory`); `decided_by` is empty for nobody named.
CREATE TABLE decisions (
    scope TEXT NOT NULL,
    subject TEXT NOT NULL,
    digest TEXT NOT NULL,
    directive TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    not_after TEXT NOT NULL,
    decided_at TEXT NOT NULL,
    used_at TEXT,
    PRIMARY KEY (scope, subject, digest, directive, decided_by, not_after)
);

-- The accounts of the last complete reading.
CREATE TABLE complete_accounts (
    app TEXT NOT NULL REFERENCES apps (app),
    account TEXT NOT NULL,
    PRIMARY KEY (app, account)
);

CREATE TABLE app_groups (
    app TEXT NOT NULL REFERENCES apps (app),
    name TEXT NOT NULL,
    id TEXT NOT NULL,
    PRIMARY KEY (app, name)
);

CREATE TABLE unmanaged (
    app TEXT NOT NULL REFERENCES apps (app),
    account TEXT NOT NULL,
    since TEXT NOT NULL,
    PRIMARY KEY (app, account)
);

CREATE TABLE not_kept (
    app TEXT NOT NULL REFERENCES apps (app),
    account TEXT NOT NULL,
    attributes TEXT NOT NULL,
    PRIMARY KEY (app, account)
);

CREATE TABLE journal (
    app TEXT NOT NULL REFERENCES apps (app),
    sequence BIGINT NOT NULL,
    intended_at TEXT NOT NULL,
    person TEXT,
    label TEXT NOT NULL,
    account TEXT,
    slot_type TEXT NOT NULL,
    slot_name TEXT NOT NULL,
    action TEXT NOT NULL,
    from_level TEXT,
    to_level TEXT,
    cause TEXT NOT NULL,
    because TEXT NOT NULL,
    finished BIGINT NOT NULL,
    PRIMARY KEY (app, sequence)
);

CREATE INDEX journal_unfinished ON journal (app, sequence) WHERE finished = 0;
CREATE INDEX journal_by_person ON journal (person, intended_at);
CREATE INDEX journal_by_time ON journal (intended_at);

CREATE TABLE journal_results (
    app TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    finished_at TEXT NOT NULL,
    outcome TEXT NOT NULL,
    error TEXT,
    PRIMARY KEY (app, sequence, finished_at, outcome),
    FOREIGN KEY (app, sequence) REFERENCES journal (app, sequence)
);

-- What is known of people between readings, one fact a row: `read` (with an empty id: there was a complete reading),
-- `person` (1 for active), `missing` (readings in a row), `left` (what proved it), `shrunk` (when), `approved`.
CREATE TABLE directory_facts (
    directory TEXT NOT NULL,
    fact TEXT NOT NULL,
    id TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (directory, fact, id)
);

CREATE TABLE learnt (
    target_key TEXT NOT NULL,
    name TEXT NOT NULL,
    fact TEXT NOT NULL,
    learnt_at TEXT NOT NULL,
    PRIMARY KEY (target_key, name)
);
