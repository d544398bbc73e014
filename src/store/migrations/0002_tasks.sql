-- What people are asked to do in apps that cannot do it themselves: since when, and which account goes by it.
CREATE TABLE tasks (
    app TEXT NOT NULL REFERENCES apps (app),
    task TEXT NOT NULL,
    opened_at TEXT NOT NULL,
    removes TEXT,
    PRIMARY KEY (app, task)
);
