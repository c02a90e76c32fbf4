// What the phone stores (docs/phone.md), and what the server sends (openapi/openapi.json).

import type { Checklist, Entry as JudgedEntry, Evidence as JudgedEvidence, FindingView, Verdict, Visit, Window } from '../judge/types.d.ts';

export type { Checklist, FindingView, Verdict, Window };

export interface Place { lat: number; lon: number; accuracy_m?: number | null; mock?: boolean | null }

export interface Evidence extends JudgedEvidence {
  taken_at?: string | null;
  signer?: string | null;
  lon?: number | null;
  accuracy_m?: number | null;
  mock?: boolean | null;
}

export interface Entry extends JudgedEntry {
  evidence?: Evidence[];
  place?: Place | null;
}

export interface Customer {
  name: string;
  phone?: string | null;
  address: string;
  account?: string | null;
  place?: Place | null;
  organisation?: string | null;
}

export interface RecordView {
  record: string;
  writer: string;
  received_at: string;
  sha256: string;
  missing_evidence: string[];
  ignored: { entry: string; code: string }[];
}

export interface Inquiry { id: string; finding: string; text: string; by: string; at: string }

export interface OpenCorrection {
  id: string;
  visit: string;
  items: { item: string; thing?: string | null; reason: string }[];
  due: string;
  by: string;
  at: string;
}

/** A visit as the server shows it to its technician. */
export interface VisitView extends Visit {
  checklist: string;
  technician: string;
  crew: string[];
  area: string;
  customer: Customer;
  work: { content: string; place?: string | null };
  created_at: string;
  external_ref?: string | null;
  follows?: string | null;
  state: 'planned' | 'under_way' | 'to_review' | 'returned' | 'closed' | 'cancelled';
  flags: string[];
  verdict: Verdict | null;
  revision: number;
  entries: Entry[];
  records: RecordView[];
  judgement: { verdict: Verdict | null; findings: FindingView[]; checklist: string; at: string };
  statements: { id: string; [name: string]: unknown }[];
  absence?: { at: string; [name: string]: unknown } | null;
  cancelled?: { at: string; by: string; reason: string } | null;
  inquiries: Inquiry[];
  departure?: { at: string; minutes?: number | null; [name: string]: unknown } | null;
}

/** `person`: login of who is on the way. `minutes`: until they arrive. `problem`: why the customer was not told. */
export interface Departure { at: string; minutes?: number; person: string | null; problem?: { code: string; title: string } }

export interface DoorKey { key: string; opens_at: string; closes_at: string; word: string }

/** `gone`: the server says that the phone drops it, and something of it is not sent yet. */
export interface StoredVisit {
  id: string;
  view: VisitView;
  door_key?: DoorKey;
  corrections: OpenCorrection[];
  gone?: boolean;
}

/** `person`: login of who wrote it. `record`: the id of the record that it is sealed in. */
export interface StoredEntry {
  number?: number;
  id: string;
  visit: string;
  person: string | null;
  entry: Entry;
  record: string | null;
}

/** Why something is parked, as the server said it, or the phone (`code` is then one of docs/phone.md). */
export interface Problem { status: number; code: string; title: string; quarantine?: string | null; at: string }

export interface Receipt {
  record: string;
  visit: string;
  received_at: string;
  sha256: string;
  state: 'complete' | 'awaiting_evidence';
  missing_evidence: string[];
  verdict: Verdict | null;
  findings: FindingView[];
  ignored: { entry: string; code: string }[];
  notes: { pointer: string; code: string }[];
  replayed: boolean;
  signature: 'verified' | 'wrong' | 'none';
  log?: { leaf: string; leaf_hash: string; salt: string; number: number | null; proof: string | null };
}

export type SendState = 'waiting' | 'stored' | 'parked';

/**
 * When to send it next after it failed, in ms of the phone's clock, whether the server has said so, and how often it
 * failed in a row.
 */
interface Retried { retry_at?: number; server_wait?: boolean; failures?: number }

/**
 * `device`: the id of the device whose key made `signature`. `number`: the order in which records were sealed.
 * `ask`: whether the server is to be asked for its receipt. `stored_at`: when it answered with one (phone's clock, ms).
 */
export interface StoredRecord extends Retried {
  id: string;
  visit: string;
  person: string | null;
  number: number;
  bytes: ArrayBuffer;
  sha256: string;
  signature: string | null;
  device: string | null;
  created_at: string;
  files: string[];
  state: SendState;
  problem?: Problem;
  receipt?: Receipt;
  correction?: string;
  ask?: 1;
  stored_at?: number;
}

/**
 * The technician's own words to a finding. `body`: what is sent, encoded once.
 */
export interface StoredExplanation extends Retried {
  id: string;
  visit: string;
  person: string | null;
  finding: string;
  body: string;
  written_at: string;
  state: SendState;
  problem?: Problem;
}

/**
 * Its bytes are in `blobs`. `dropped`: not any more, because the server has them and there was no space. `lost`: why it will never come, once the
 * phone knows that, and whether that was reported. `missed`: how often the server did not have it after it was sent.
 */
export interface StoredFile extends Retried {
  sha256: string;
  visit: string;
  person: string | null;
  kind: 'photo' | 'signature';
  dropped?: true;
  original_sha256?: string;
  taken_at: string;
  state: 'draft' | SendState;
  upload?: { url: string; offset: number };
  problem?: Problem;
  lost?: string;
  missed?: number;
  reported?: true;
}

export interface NewFile {
  sha256: string;
  kind: 'photo' | 'signature';
  blob: Blob;
  original_sha256?: string;
  taken_at: string;
}

/** Why nothing is sent until a person does something: the code of the server's problem. `device`: whose token it was. */
export interface Stopped { code: string; title: string; at: string; device: string }

/** `oldest`: when the oldest unsent entry, record or file was written. `unsealed`: taps whose entries are in no record yet. `full`: no more photos. */
export interface OutboxStatus {
  waiting: number;
  parked: number;
  files: number;
  unsealed: number;
  oldest: string | null;
  full: boolean;
  sending: boolean;
  stopped: Stopped | null;
  retry_at: string | null;
  last_sync: string | null;
}

export interface Me {
  device: { id: string; name: string };
  token: string;
  person: { login: string; name: string };
  keys: CryptoKeyPair;
}
