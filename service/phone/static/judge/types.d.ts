// What the judge reads: the published checklist, a visit and its entries, as they are in JSON. A field that is absent
// and one that is null mean the same.

export type Severity = 'violation' | 'warning' | 'info' | 'open';
export type Verdict = 'compliant' | 'compliant_with_remarks' | 'non_compliant';
export type FindingKind =
  | 'missing' | 'order' | 'evidence' | 'signer' | 'attest' | 'disputed' | 'waived' | 'bad_waiver' | 'late' | 'open'
  | 'undeclared' | 'changed_after_signature' | 'late_entry' | 'value';
export type Language = 'zh' | 'en';
export interface Text { zh: string; en: string }
export type FieldValue = string | number | boolean | null;

export interface OrderRule {
  rel: 'before' | 'after';
  than: string;
  sev: Severity;
  only_if?: [string, 'before', string] | null;
  lowered?: { to: Severity } | null;
}

export interface TimeLimit { from: string; sev?: Severity; days?: number; minutes?: number; setting?: string | null }

export interface Field extends Text {
  type: 'number' | 'text' | 'choice' | 'code' | 'time';
  unit?: string;
  min?: number | null;
  max?: number | null;
  choices?: (Text & { id: string })[];
}

export interface Item {
  id: string;
  label: Text;
  screen: Text;
  supervisor: Text;
  class: string;
  clause: string;
  stage: string;
  who: string;
  kind: 'act' | 'prohibition' | 'computed' | 'outcome' | 'best_effort';
  per?: 'visit' | 'thing';
  things_of?: string | null;
  when: string;
  counts?: 'first' | 'last';
  satisfied_by_any?: string[];
  order?: OrderRule[];
  time_limit?: TimeLimit | null;
  may_stay_open?: boolean;
  evidence?: { min: string[]; strong: string[] };
  fields?: Record<string, Field>;
  attested_by?: string[];
  waiver?: { by: string[]; needs: string[]; result: Severity };
  refusal?: { needs: string[]; result: 'open' } | null;
  covers?: string[];
  signs?: string | null;
  allowed_signers?: string[];
  default?: boolean;
  if_missing: Severity;
  lowered?: { to: Severity } | null;
}

export interface Fact extends Text {
  type: 'event' | 'declared' | 'assigned' | 'computed';
  per_thing?: boolean;
  things_of?: string | null;
  must_declare?: boolean;
}

export interface VisitType extends Text { entry: string; incidents: string[]; must_tell: string[] }

export interface Line { item: string; field?: string | null; evidence?: string | null; label?: Text | null }

export interface StatementTable { id: string; title: Text; lines: Line[]; signs?: string | null; declares?: Text | null }

export interface ChecklistSettings {
  arrival_grace_minutes: number;
  late_entry_minutes: number;
  moved_after_minutes: number;
  settle_days: number;
  evidence_gap: Record<string, Severity>;
  [minutes: string]: number | Record<string, Severity>;
}

export interface Checklist {
  id: string;
  version: number;
  items: Item[];
  facts: Record<string, Fact>;
  visit_types: Record<string, VisitType>;
  statements?: StatementTable[];
  defaults: ChecklistSettings;
  messages: Record<string, Text>;
  evidence_kinds: Record<string, Text>;
  words: Record<string, Record<string, Text>>;
}

export interface Window { from: string; to: string }

export interface Visit {
  id: string;
  type: string;
  checklist?: string;
  window?: Window | null;
  rescheduled?: (Window & { at: string })[];
  assigned?: Record<string, boolean>;
  exempt_reason?: string | null;
  policies?: Record<string, boolean>;
  due?: Record<string, string>;
  inspectors?: number | null;
}

export interface Evidence {
  kind: string;
  sha256?: string | null;
  text?: string | null;
  number?: string | null;
  channel?: string | null;
  signer?: string | null;
  relation?: string | null;
  statement_sha256?: string | null;
  taken_at?: string | null;
  lat?: number | null;
  lon?: number | null;
  accuracy_m?: number | null;
  lost?: boolean | null;
}

export interface Place { lat: number; lon: number; accuracy_m?: number | null }

export interface Entry {
  id: string;
  at: string;
  by: 'technician' | 'dispatcher' | 'supervisor' | 'office' | 'customer';
  what?: string;
  thing?: string | null;
  label?: string | null;
  holds?: boolean | null;
  says?: 'yes' | 'no' | null;
  evidence?: Evidence[];
  fields?: Record<string, FieldValue>;
  waived?: { by: string; reason?: string | null } | null;
  refused?: { reason?: string | null; outcome?: string | null } | null;
  place?: Place | null;
  via?: string | null;
  claimed_at?: string | null;
  tick?: number | null;
  session?: string | null;
  withdraws?: string | null;
  reason?: string | null;
  received_at?: string | null;
}

/** An entry with its time (microseconds since 1970 UTC) and its position in the list. */
export interface TimedEntry { time: bigint; position: number; entry: Entry }

/** What is wrong, or open, about an item or fact. `part`: the kind of evidence, the field, or the order `rel.other`. */
export interface Finding {
  code: string;
  kind: FindingKind;
  item: string;
  thing: string | null;
  severity: Severity;
  entries: string[];
  part: string;
}

/** A finding as people read it, and as the server sends it. */
export interface FindingView {
  code: string;
  kind: FindingKind;
  item: string;
  thing: string | null;
  severity: Severity;
  clause: string | null;
  message: Text;
  entries: string[];
}

/**
 * The result of judging. `verdict` is null before the visit has begun. `until`: when the result can change without a
 * new entry. `facts`: the names that are true. `labels`: the names of things, for people. `due`: by code of an open or
 * missing finding, until when its duty may stay open. Moments are microseconds since 1970 UTC.
 */
export interface Judgement {
  verdict: Verdict | null;
  findings: Finding[];
  until: bigint | null;
  facts: Set<string>;
  labels: Map<string, string>;
  due: Map<string, bigint>;
}
