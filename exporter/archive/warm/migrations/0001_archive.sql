-- Rows of all monitors share the tables; text that repeats (monitors, sources, origins) stands once in `names`.
CREATE TABLE infranaut.names (
    id   integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text COLLATE "C" NOT NULL UNIQUE
);

-- The type of the prediction or label, then which features the arrays of a row hold, in order:
-- [["", "number"], ["age", "number"], ["region", "category"], …].
CREATE TABLE infranaut.layouts (
    id      integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sha256  text NOT NULL UNIQUE,
    columns jsonb NOT NULL
);

-- For people: where a feature stands, numbers[position] or categories[position] of the rows with this layout.
CREATE VIEW infranaut.features AS
SELECT
    l.id AS layout,
    c.value ->> 0 AS name,
    c.value ->> 1 AS type,
    (count(*) OVER (PARTITION BY l.id, c.value ->> 1 ORDER BY c.ordinality))::integer AS position
FROM infranaut.layouts l CROSS JOIN LATERAL jsonb_array_elements(l.columns) WITH ORDINALITY AS c
WHERE c.ordinality > 1;

-- Each UTC day has a partition with unique keys of its own: (monitor, id), of dead letters (origin, sequence, id).
-- An id of more than 512 bytes stands in `long_id`, its SHA-256 in `id`.
CREATE TABLE infranaut.predictions (
    layout           integer NOT NULL,
    monitor          integer NOT NULL,
    source           integer NOT NULL,
    origin           integer NOT NULL,
    sequence         bigint NOT NULL,
    received_at      timestamptz NOT NULL,
    time             timestamptz NOT NULL,
    prediction       double precision,
    latency_seconds  double precision,
    id               text COLLATE "C" NOT NULL,
    long_id          text,
    prediction_class text,
    model_version    text,
    error            text,
    numbers          double precision[],
    categories       text[]
) PARTITION BY RANGE (time);
ALTER TABLE infranaut.predictions ALTER COLUMN numbers SET STORAGE EXTERNAL;

CREATE TABLE infranaut.labels (
    layout      integer NOT NULL,
    monitor     integer NOT NULL,
    source      integer NOT NULL,
    origin      integer NOT NULL,
    sequence    bigint NOT NULL,
    received_at timestamptz NOT NULL,
    time        timestamptz NOT NULL,
    label       double precision,
    id          text COLLATE "C" NOT NULL,
    long_id     text,
    label_class text
) PARTITION BY RANGE (time);

CREATE TABLE infranaut.dead_letters (
    layout      integer NOT NULL,
    monitor     integer NOT NULL,
    source      integer NOT NULL,
    origin      integer NOT NULL,
    sequence    bigint NOT NULL,
    received_at timestamptz NOT NULL,
    time        timestamptz NOT NULL,
    id          text COLLATE "C" NOT NULL,
    long_id     text,
    reason      text,
    detail      text,
    body_kind   text,
    raw         bytea
) PARTITION BY RANGE (time);

-- The predictions that have been joined to their label; each partition goes with that of its predictions.
CREATE TABLE infranaut.joins (
    monitor      integer NOT NULL,
    time         timestamptz NOT NULL,
    label_time   timestamptz NOT NULL,
    label_origin integer NOT NULL,
    label        double precision,
    id           text COLLATE "C" NOT NULL,
    label_class  text
) PARTITION BY RANGE (time);

-- The ids that have a label on any day that is kept.
CREATE TABLE infranaut.label_keys (
    monitor integer NOT NULL,
    id      text COLLATE "C" NOT NULL,
    time    timestamptz NOT NULL,
    PRIMARY KEY (monitor, id)
);

-- Labels whose prediction has not been found, numbered as they came.
CREATE TABLE infranaut.open_labels (
    number  bigint GENERATED ALWAYS AS IDENTITY,
    origin  integer NOT NULL,
    monitor integer NOT NULL,
    id      text COLLATE "C" NOT NULL,
    time    timestamptz NOT NULL,
    PRIMARY KEY (origin, number)
);

CREATE TABLE infranaut.offsets (
    origin        text COLLATE "C" PRIMARY KEY,
    epoch         bigint NOT NULL,
    next_sequence bigint NOT NULL
) WITH (fillfactor = 50);

-- The side counts, and which layouts the rows of an hour have.
CREATE TABLE infranaut.hours (
    monitor  integer NOT NULL,
    kind     text NOT NULL,
    start    bigint NOT NULL,
    rows     bigint NOT NULL,
    labelled bigint NOT NULL DEFAULT 0,
    layouts  integer[] NOT NULL,
    PRIMARY KEY (kind, monitor, start)
) WITH (fillfactor = 50);

CREATE TABLE infranaut.cold_files (
    name           text COLLATE "C" PRIMARY KEY,
    monitor        text NOT NULL,
    kind           text NOT NULL,
    hour           bigint NOT NULL,
    origin         text NOT NULL,
    first_sequence bigint NOT NULL,
    last_sequence  bigint NOT NULL,
    rows           bigint NOT NULL,
    digest         text NOT NULL,
    size_bytes     bigint NOT NULL,
    sha256         text NOT NULL,
    created_at     double precision NOT NULL,
    expires_at     double precision NOT NULL,
    is_held        boolean NOT NULL
);
CREATE INDEX cold_files_by_hour ON infranaut.cold_files (monitor, kind, hour);

CREATE TABLE infranaut.window_profiles (
    monitor       text COLLATE "C" NOT NULL,
    model_version text COLLATE "C" NOT NULL,
    segment       text COLLATE "C" NOT NULL,
    start         bigint NOT NULL,
    "end"         bigint NOT NULL,
    revision      integer NOT NULL,
    rows          bigint NOT NULL,
    labelled      bigint NOT NULL,
    payload       bytea NOT NULL,
    PRIMARY KEY (monitor, start, "end", model_version, segment)
);

CREATE TABLE infranaut.measurements (
    monitor       text COLLATE "C" NOT NULL,
    model_version text COLLATE "C" NOT NULL,
    segment       text COLLATE "C" NOT NULL,
    feature       text COLLATE "C" NOT NULL,
    measure       text COLLATE "C" NOT NULL,
    start         bigint NOT NULL,
    "end"         bigint NOT NULL,
    revision      integer NOT NULL,
    value         double precision NOT NULL,
    observations  bigint NOT NULL,
    PRIMARY KEY (monitor, start, "end", model_version, segment, feature, measure)
);

CREATE TABLE infranaut.audit (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at     double precision NOT NULL,
    actor  text NOT NULL,
    action text NOT NULL,
    detail jsonb NOT NULL
);

CREATE FUNCTION infranaut.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'infranaut.audit is append-only: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON infranaut.audit
    FOR EACH STATEMENT EXECUTE FUNCTION infranaut.refuse_change();
