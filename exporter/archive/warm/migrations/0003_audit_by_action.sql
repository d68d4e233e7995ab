-- What was restored is asked for before each revision of a window's profile, among millions of other events.
CREATE INDEX audit_by_action ON infranaut.audit (action, at);
