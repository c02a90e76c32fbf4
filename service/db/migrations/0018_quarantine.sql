-- What is not decided is counted each time that something comes into quarantine; what was decided stays for ever.
CREATE INDEX quarantine_waiting ON quarantine (received_at, id) WHERE decision IS NULL;
